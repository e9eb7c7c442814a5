"""The change feed of auth_service, read over gRPC."""

from uuid import UUID

import grpc

from kit.rpc.client import ServiceCalls
from kit.rpc.feed import FeedClient
from kit.rpc.timestamps import from_timestamp
from kit.telemetry.logs import get_logger
from matcher_service.domain import Change, ChangeKind, Download, GuestPhotos, Role
from protos.auth.v1 import auth_pb2 as pb
from protos.auth.v1.auth_pb2_grpc import AuthServiceStub

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


class AuthFeed(FeedClient[Change]):
    """Reads changes and endings from auth_service."""

    def __init__(self, channel: grpc.Channel, calls: ServiceCalls) -> None:
        super().__init__(AuthServiceStub(channel), pb, calls, _change)


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
