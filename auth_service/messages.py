"""What AuthService answers: domain to proto."""

from google.protobuf.duration_pb2 import Duration

from auth_service.domain import (
    ACCESS_TOKEN_S,
    REFRESH_TOKEN_S,
    Change,
    Event,
    Guest,
    Membership,
    Role,
    Tokens,
    show_code,
)
from kit.timestamps import to_timestamp
from protos.auth.v1 import auth_pb2 as pb

ROLES = {Role.GUEST: pb.ROLE_GUEST, Role.ORGANISER: pb.ROLE_ORGANISER}


def show_tokens(tokens: Tokens) -> pb.TokenPair:
    return pb.TokenPair(
        access_token=tokens.access_token,
        refresh_token=tokens.refresh_token,
        expires_in=Duration(seconds=ACCESS_TOKEN_S),
        refresh_expires_in=Duration(seconds=REFRESH_TOKEN_S),
    )


def show_event(event: Event) -> pb.Event:
    return pb.Event(
        event_id=str(event.id),
        name=event.name,
        event_code=show_code(event.code),
        start_time=to_timestamp(event.starts_at),
        expire_time=to_timestamp(event.expires_at),
        closed=event.closed,
        guest_count=event.guest_count,
        create_time=to_timestamp(event.created_at),
        admission=event.admission,
    )


def show_membership(membership: Membership) -> pb.Membership:
    return pb.Membership(
        event_id=str(membership.event_id),
        event_name=membership.event_name,
        role=ROLES[membership.role],
        closed=membership.shut,
        join_time=to_timestamp(membership.joined_at),
        event_code=show_code(membership.code),
        expire_time=to_timestamp(membership.expires_at),
        organisers=membership.organisers,
        consent_version=membership.consent_version,
        waiting=membership.waiting,
        notice_email=membership.notice_email,
    )


def show_guest(guest: Guest) -> pb.Guest:
    return pb.Guest(
        user_id=str(guest.user_id),
        username=guest.username or "",
        display_name=guest.display_name,
        role=ROLES[guest.role],
        join_time=to_timestamp(guest.joined_at),
        waiting=guest.waiting,
    )


def guest_key(guest: Guest) -> tuple[str, str]:
    return guest.joined_at.isoformat(), str(guest.user_id)


def show_change(change: Change) -> pb.Change:
    return pb.Change(
        sequence=change.sequence,
        kind=f"KIND_{change.kind.name}",
        event_id=str(change.event_id or ""),
        user_id=str(change.user_id or ""),
        role=ROLES[change.role] if change.role else pb.ROLE_UNSPECIFIED,
        name=change.name or "",
        closed=bool(change.closed),
        expire_time=to_timestamp(change.expires_at),
        change_time=to_timestamp(change.created_at),
    )
