"""The change feed of auth_service, read over gRPC."""

from uuid import UUID

import grpc

from kit.rpc.client import ServiceCalls
from kit.rpc.feed import FeedClient
from kit.rpc.timestamps import from_timestamp
from kit.telemetry.logs import get_logger
from protos.auth.v1 import auth_pb2 as pb
from protos.auth.v1.auth_pb2_grpc import AuthServiceStub
from selfie_service.domain import Change, ChangeKind, Role

log = get_logger()

KINDS = {pb.Change.Kind.Value(f"KIND_{kind.name}"): kind for kind in ChangeKind}
ROLES = {pb.ROLE_ORGANISER: Role.ORGANISER}
NOT_FOR_US = {pb.Change.KIND_WAITING}


class AuthFeed(FeedClient[Change]):
    """Reads changes and endings from auth_service."""

    def __init__(self, channel: grpc.Channel, calls: ServiceCalls) -> None:
        super().__init__(AuthServiceStub(channel), pb, calls, _change)


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
