"""Conversion of AuthService responses from domain to proto."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from google.protobuf.duration_pb2 import Duration

from auth_service.domain import (
    ACCESS_TOKEN_S,
    REFRESH_TOKEN_S,
    Change,
    Consent,
    Ended,
    Event,
    GuestPhotos,
    Login,
    Member,
    Membership,
    RemovedGuest,
    Role,
    Session,
    Tokens,
    User,
    show_code,
)
from auth_service.invitations import Accepted, Invitation
from auth_service.offers import Download, Offer
from kit.rpc.timestamps import to_timestamp
from protos.auth.v1 import auth_pb2 as pb

DOWNLOADS = {pb.DownloadSize.Value(f"DOWNLOAD_SIZE_{download.name}"): download for download in Download}
GUEST_PHOTOS = {
    GuestPhotos.OFF: pb.GUEST_PHOTOS_OFF,
    GuestPhotos.MODERATED: pb.GUEST_PHOTOS_MODERATED,
    GuestPhotos.OPEN: pb.GUEST_PHOTOS_OPEN,
}
ROLES = {
    Role.GUEST: pb.ROLE_GUEST,
    Role.ORGANISER: pb.ROLE_ORGANISER,
    Role.COUPLE: pb.ROLE_COUPLE,
    Role.PHOTOGRAPHER: pb.ROLE_PHOTOGRAPHER,
}
GUEST_PHOTOS_BY_NUMBER = {number: choice for choice, number in GUEST_PHOTOS.items()}
ROLES_BY_NUMBER = {number: role for role, number in ROLES.items()}


def show_tokens(tokens: Tokens) -> pb.TokenPair:
    return pb.TokenPair(
        access_token=tokens.access_token,
        refresh_token=tokens.refresh_token,
        expires_in=Duration(seconds=ACCESS_TOKEN_S),
        refresh_expires_in=Duration(seconds=REFRESH_TOKEN_S),
    )


def show_login(login: Login) -> dict[str, Any]:
    """Returns the fields common to all responses of sign-ins."""
    return {
        "user_id": str(login.user_id),
        "event_id": str(login.event_id or ""),
        "tokens": show_tokens(login.tokens),
    }


def show_session(session: Session, current_id: UUID | None) -> pb.Session:
    return pb.Session(
        session_id=str(session.id),
        create_time=to_timestamp(session.began_at),
        use_time=to_timestamp(session.used_at),
        device=session.device,
        current=session.id == current_id,
    )


def show_ended(ended: Ended) -> pb.EndedSession:
    return pb.EndedSession(user_id=str(ended.user_id), session_id=str(ended.session_id or ""))


def show_event(event: Event) -> pb.Event:
    return pb.Event(
        event_id=str(event.id),
        name=event.name,
        event_code=show_code(event.code),
        start_time=to_timestamp(event.starts_at),
        expire_time=to_timestamp(event.expires_at),
        closed=event.closed,
        ended=event.ended,
        guest_count=event.guest_count,
        create_time=to_timestamp(event.created_at),
        admission=event.admission,
        **_show_offer(event.offer),
        guest_photos=GUEST_PHOTOS[event.guest_photos],
        role=ROLES[event.role],
        waiting_count=event.waiting_count,
    )


def show_membership(membership: Membership) -> pb.Membership:
    return pb.Membership(
        event_id=str(membership.event_id),
        event_name=membership.event_name,
        role=ROLES[membership.role],
        closed=membership.ended,
        join_time=to_timestamp(membership.joined_at),
        event_code=show_code(membership.code),
        expire_time=to_timestamp(membership.expires_at),
        organisers=membership.organisers,
        consent_version=membership.consent_version,
        waiting=membership.waiting,
        **_show_offer(membership.offer),
        guest_photos=GUEST_PHOTOS[membership.guest_photos],
        notice_email=membership.notice_email,
        without_search=not membership.searched,
    )


def show_user(user: User, memberships: Sequence[Membership]) -> pb.GetUserResponse:
    return pb.GetUserResponse(
        user_id=str(user.id),
        username=user.username or "",
        email=user.email or "",
        display_name=user.display_name,
        organiser=user.organiser,
        create_time=to_timestamp(user.created_at),
        memberships=[show_membership(membership) for membership in memberships],
    )


def show_consent(consent: Consent) -> pb.Consent:
    return pb.Consent(
        event_id=str(consent.event_id),
        version=consent.version,
        language=consent.language,
        give_time=to_timestamp(consent.given_at),
        withdraw_time=to_timestamp(consent.withdrawn_at),
    )


def show_guest(guest: Member) -> pb.Guest:
    return pb.Guest(
        user_id=str(guest.user_id),
        username=guest.username or "",
        display_name=guest.display_name,
        role=ROLES[guest.role],
        join_time=to_timestamp(guest.joined_at),
        waiting=guest.waiting,
    )


def show_removed(guest: RemovedGuest) -> pb.RemovedGuest:
    return pb.RemovedGuest(
        user_id=str(guest.user_id),
        username=guest.username or "",
        display_name=guest.display_name,
        remove_time=to_timestamp(guest.removed_at),
    )


def show_shared_phone(guests: Sequence[Member]) -> pb.SharedPhone:
    return pb.SharedPhone(guests=[show_guest(guest) for guest in guests])


def show_invitation(invitation: Invitation) -> pb.Invitation:
    return pb.Invitation(
        invitation_id=str(invitation.id),
        role=ROLES[invitation.role],
        created_by=invitation.created_by,
        create_time=to_timestamp(invitation.created_at),
        expire_time=to_timestamp(invitation.expires_at),
    )


def show_invited(invitation: Invitation) -> pb.LookUpInvitationResponse:
    """Returns an invitation as the holder of its secret sees it."""
    return pb.LookUpInvitationResponse(
        event_id=str(invitation.event_id),
        event_name=invitation.event_name,
        role=ROLES[invitation.role],
        created_by=invitation.created_by,
        expire_time=to_timestamp(invitation.expires_at),
    )


def show_accepted(accepted: Accepted) -> pb.AcceptInvitationResponse:
    return pb.AcceptInvitationResponse(
        event_id=str(accepted.event_id), event_name=accepted.event_name, role=ROLES[accepted.role]
    )


def member_key(guest: Member) -> tuple[str, str]:
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
        held=change.held,
        release_time=to_timestamp(change.releases_at),
        download=f"DOWNLOAD_SIZE_{change.download.name}" if change.download else None,
        guest_photos=GUEST_PHOTOS[change.guest_photos] if change.guest_photos else pb.GUEST_PHOTOS_UNSPECIFIED,
        without_search=change.without_search,
        last_membership=change.last_membership,
    )


def _show_offer(offer: Offer) -> dict[str, Any]:
    return {
        "held": offer.held,
        "release_time": to_timestamp(offer.releases_at),
        "credit": pb.Credit(name=offer.credit.name, url=offer.credit.url),
        "download": f"DOWNLOAD_SIZE_{offer.download.name}",
        "retention": pb.Retention(
            keep_days=offer.keep_days,
            hide_time=to_timestamp(offer.hides_at),
            delete_time=to_timestamp(offer.deletes_at),
            hidden=offer.hidden,
        ),
    }
