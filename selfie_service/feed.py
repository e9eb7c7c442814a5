"""The change feed of auth_service, read over gRPC."""

from datetime import timedelta
from uuid import UUID

import grpc
from google.protobuf.duration_pb2 import Duration

from kit.errors import ServiceUnavailable
from kit.rpc.client import ServiceCalls
from kit.rpc.ended import Endings
from kit.rpc.timestamps import from_timestamp
from kit.telemetry.logs import get_logger
from protos.auth.v1 import auth_pb2 as pb
from protos.auth.v1.auth_pb2_grpc import AuthServiceStub
from selfie_service.domain import Change, ChangeKind, Role

CALL_S = 5.0  # in addition to the time that the feed is asked to wait

log = get_logger()

KINDS = {pb.Change.Kind.Value(f"KIND_{kind.name}"): kind for kind in ChangeKind}
ROLES = {pb.ROLE_ORGANISER: Role.ORGANISER}
NOT_FOR_US = {pb.Change.KIND_WAITING}


class AuthFeed:
    """Client of auth_service's long polls."""

    def __init__(self, channel: grpc.Channel, calls: ServiceCalls) -> None:
        self._stub = AuthServiceStub(channel)
        self._calls = calls

    def fetch(self, after: int, wait_s: float) -> list[Change]:
        """Returns the changes after a position: as soon as there are any, or none after `wait_s`. Raises
        ServiceUnavailable."""
        wait = Duration()
        wait.FromTimedelta(timedelta(seconds=wait_s))
        try:
            response = self._calls.send(
                self._stub.ListChanges, pb.ListChangesRequest(after=after, wait=wait), wait_s + CALL_S
            )
        except grpc.RpcError as error:
            raise ServiceUnavailable from error
        return [_change(change) for change in response.changes]

    def fetch_endings(self, after: int, wait_s: float) -> Endings:
        """Returns the sessions and users that ended after a position, as soon as there are any. Raises
        ServiceUnavailable."""
        wait = Duration()
        wait.FromTimedelta(timedelta(seconds=wait_s))
        request = pb.ListEndedSessionsRequest(after=after, wait=wait)
        try:
            response = self._calls.send(self._stub.ListEndedSessions, request, wait_s + CALL_S)
        except grpc.RpcError as error:
            raise ServiceUnavailable from error
        return Endings(tuple(UUID(one.session_id or one.user_id) for one in response.sessions), response.place)


def _change(change: pb.Change) -> Change:
    """Unknown kinds are skipped: followers are upgraded before auth_service sends a kind that matters to them."""
    kind = KINDS.get(change.kind)
    if kind is None and change.kind not in NOT_FOR_US:
        log.warning(
            "Skipping a change of an unknown kind.",
            action="change_skipped",
            sequence=change.sequence,
            kind=int(change.kind),
        )
    return Change(
        sequence=change.sequence,
        kind=kind,
        event_id=UUID(change.event_id) if change.event_id else None,
        user_id=UUID(change.user_id) if change.user_id else None,
        closed=change.closed,
        expires_at=from_timestamp(change, "expire_time"),
        role=ROLES.get(change.role, Role.GUEST),
        without_search=change.without_search,
        last_membership=change.last_membership,
    )
