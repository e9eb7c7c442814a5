"""An event as one of its members sees it."""

from typing import Literal

from gateway.accounts import schemas as shapes
from gateway.events.offers import show_offer
from gateway.http.times import epoch_s
from protos.auth.v1 import auth_pb2 as pb

ROLES: dict[int, shapes.Role] = {
    pb.ROLE_GUEST: "guest",
    pb.ROLE_ORGANISER: "organiser",
    pb.ROLE_COUPLE: "couple",
    pb.ROLE_PHOTOGRAPHER: "photographer",
}

GUEST_PHOTOS: dict[int, Literal["off", "moderated", "open"]] = {
    pb.GUEST_PHOTOS_OFF: "off",
    pb.GUEST_PHOTOS_MODERATED: "moderated",
    pb.GUEST_PHOTOS_OPEN: "open",
}


def describe_membership(membership: pb.Membership) -> shapes.Membership:
    return shapes.Membership(
        event_id=membership.event_id,
        name=membership.event_name,
        role=ROLES.get(membership.role, "guest"),
        closed=membership.closed,
        joined_at=epoch_s(membership, "join_time") or 0,
        event_code=membership.event_code,
        expires_at=epoch_s(membership, "expire_time"),
        organisers=list(membership.organisers),
        consent_version=membership.consent_version,
        waiting=membership.waiting,
        **show_offer(membership),
        guest_photos=GUEST_PHOTOS.get(membership.guest_photos, "off"),
        notice_email=membership.notice_email,
        searched=not membership.without_search,
    )
