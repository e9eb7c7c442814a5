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
from matcher_service.domain import Change, ChangeKind, Download, GuestPhotos, Role
from protos.auth.v1 import auth_pb2 as pb
from protos.auth.v1.auth_pb2_grpc import AuthServiceStub

CALL_S = 5.0  # in addition to the time that the long poll may wait

log = get_logger()

KINDS = {pb.Change.Kind.Value(f"KIND_{kind.name}"): kind for kind in ChangeKind}
DOWNLOADS = {pb.DownloadSize.Value(f"DOWNLOAD_SIZE_{download.name}"): download for download in Download}
GUEST_PHOTOS = {pb.GuestPhotos.Value(f"GUEST_PHOTOS_{choice.name}"): choice for choice in GuestPhotos}
ROLES = {
    pb.ROLE_GUEST: Role.GUEST,
    pb.ROLE_ORGANISER: Role.ORGANISER,
    pb.ROLE_COUPLE: Role.COUPLE,
    pb.ROLE_PHOTOGRAPHER: Role.PHOTOGRAPHER,
}
NOT_FOR_US = {pb.Change.KIND_WAITING, pb.Change.KIND_CONSENT_WITHDRAWN}


class AuthFeed:
    """Reads changes and endings from auth_service."""

    def __init__(self, channel: grpc.Channel, calls: ServiceCalls) -> None:
        self._stub = AuthServiceStub(channel)
        self._calls = calls

    def fetch(self, after: int, wait_s: float) -> list[Change]:
        """The changes after a position, as soon as there are any; empty after `wait_s`. Raises ServiceUnavailable."""
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
        """Sessions and users that ended after a position, as soon as there are any. Raises ServiceUnavailable."""
        wait = Duration()
        wait.FromTimedelta(timedelta(seconds=wait_s))
        request = pb.ListEndedSessionsRequest(after=after, wait=wait)
        try:
            response = self._calls.send(self._stub.ListEndedSessions, request, wait_s + CALL_S)
        except grpc.RpcError as error:
            raise ServiceUnavailable from error
        return Endings(tuple(UUID(one.session_id or one.user_id) for one in response.sessions), response.place)


def _change(change: pb.Change) -> Change:
    """Skips an unknown kind: all followers are upgraded before auth_service sends a kind that they must apply."""
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
        role=_role(change) if kind is ChangeKind.JOINED else None,
        name=change.name,
        closed=change.closed,
        expires_at=from_timestamp(change, "expire_time"),
        held=change.held if change.HasField("held") else None,
        releases_at=from_timestamp(change, "release_time"),
        download=DOWNLOADS.get(change.download),
        guest_photos=GUEST_PHOTOS.get(change.guest_photos),
    )


def _role(change: pb.Change) -> Role:
    """Treats an unknown role as the one with the fewest permissions."""
    role = ROLES.get(change.role)
    if role is None:
        log.warning(
            "Treating a member of an unknown role as a guest.",
            action="role_unknown",
            sequence=change.sequence,
            role=int(change.role),
        )
    return role or Role.GUEST
