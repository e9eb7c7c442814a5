"""Events and their guests, for organisers."""

import asyncio
from collections.abc import Mapping
from typing import Annotated, Literal
from uuid import UUID, uuid4

from fastapi import APIRouter, Query, Request, Response
from google.protobuf.wrappers_pb2 import BoolValue, Int32Value, StringValue

from gateway.accounts.memberships import GUEST_PHOTOS, ROLES
from gateway.accounts.routes import show_link
from gateway.accounts.schemas import SignInLink
from gateway.errors.openapi import JSON_BODY, PAGE, SIGNED, problems
from gateway.events import schemas as shapes
from gateway.events.counts import count_matches, count_photos, or_nothing, read_selfies, read_states
from gateway.events.logos import logo_url
from gateway.events.offers import show_offer, to_credit, to_size
from gateway.http.authentication import Signed
from gateway.http.body import JsonRoute
from gateway.http.cookies import forget_session
from gateway.http.pages import Cursor, Limit
from gateway.http.site import root_of
from gateway.http.times import epoch_s
from kit.rpc.timestamps import to_timestamp
from protos.auth.v1 import auth_pb2 as pb
from protos.matcher.v1 import photo_pb2

ORGANISED = ("invalid_argument", "organiser_only", "event_not_found", *SIGNED)

WithoutPhotos = Annotated[
    bool,
    Query(description="only guests who are in no photo yet; a page may then have fewer than `limit`, even none"),
]

router = APIRouter(prefix="/api/events", tags=["events"], route_class=JsonRoute)


@router.post("", status_code=201, responses=problems("organiser_only", *SIGNED, *JSON_BODY))
async def create_event(form: shapes.NewEvent, backend: Signed, request: Request) -> shapes.Event:
    """Create an event with a new code."""
    answer = await backend.auth.CreateEvent(
        pb.CreateEventRequest(
            request_id=str(uuid4()),
            name=form.name,
            start_time=to_timestamp(form.starts_at),
            expire_time=to_timestamp(form.expires_at),
            admission=form.admission,
            held=form.release == "held",
            release_time=to_timestamp(form.releases_at),
            credit=to_credit(form.credit),
            download=to_size(form.download),
            keep_days=form.keep_days or 0,
            is_kept=form.keep_days is None and "keep_days" in form.model_fields_set,
            without_end=form.expires_at is None and "expires_at" in form.model_fields_set,
            guest_photos=f"GUEST_PHOTOS_{form.guest_photos.upper()}",
        ),
    )
    return _event(answer.event, {}, root_of(request))


@router.get("", responses=problems(*PAGE, *SIGNED))
async def list_events(request: Request, backend: Signed, limit: Limit = 50, cursor: Cursor = "") -> shapes.EventPage:
    """The events in which the caller has a role above guest, newest first."""
    answer = await backend.auth.ListEvents(pb.ListEventsRequest(page_size=limit, page_token=cursor))
    states = await read_states(backend, [event.event_id for event in answer.events])
    events = [_event(event, states, root_of(request)) for event in answer.events]
    return shapes.EventPage(events=events, next_cursor=answer.next_page_token or None)


@router.get("/{event_id}", responses=problems(*ORGANISED))
async def get_event(event_id: UUID, backend: Signed, request: Request) -> shapes.Event:
    """One event, for its organisers, couple and photographers."""
    answer = await backend.auth.GetEvent(pb.GetEventRequest(event_id=str(event_id)))
    states = await read_states(backend, [str(event_id)], count_guests=True)
    return _event(answer.event, states, root_of(request), is_single=True)


@router.patch("/{event_id}", responses=problems(*ORGANISED, *JSON_BODY))
async def update_event(event_id: UUID, form: shapes.EventEdit, backend: Signed, request: Request) -> shapes.Event:
    """Change the given fields. The counts are read first, so that an error means that nothing was changed."""
    states = await read_states(backend, [str(event_id)], count_guests=True)
    answer = await backend.auth.UpdateEvent(
        pb.UpdateEventRequest(
            event_id=str(event_id),
            name=None if form.name is None else StringValue(value=form.name),
            start_time=to_timestamp(form.starts_at),
            expire_time=to_timestamp(form.expires_at),
            closed=None if form.closed is None else BoolValue(value=form.closed),
            admission=None if form.admission is None else BoolValue(value=form.admission),
            guest_photos=f"GUEST_PHOTOS_{form.guest_photos.upper()}" if form.guest_photos else None,
            new_code=form.new_code,
            clear_start_time=form.starts_at is None and "starts_at" in form.model_fields_set,
            clear_expire_time=form.expires_at is None and "expires_at" in form.model_fields_set,
            held=None if form.release is None else BoolValue(value=form.release == "held"),
            release_time=to_timestamp(form.releases_at),
            clear_release_time=form.releases_at is None and "releases_at" in form.model_fields_set,
            credit=to_credit(form.credit) if "credit" in form.model_fields_set else None,
            download=to_size(form.download),
            keep_days=Int32Value(value=form.keep_days or 0) if "keep_days" in form.model_fields_set else None,
        ),
    )
    return _event(answer.event, states, root_of(request), is_single=True)


@router.delete("/{event_id}", status_code=204, responses=problems(*ORGANISED))
async def delete_event(event_id: UUID, backend: Signed) -> None:
    """Delete an event and everything in it, in every service, within a minute."""
    await backend.auth.DeleteEvent(pb.DeleteEventRequest(event_id=str(event_id)))


@router.get("/{event_id}/guests", responses=problems(*PAGE, *ORGANISED))
async def list_guests(
    event_id: UUID, backend: Signed, limit: Limit = 50, cursor: Cursor = "", without_photos: WithoutPhotos = False
) -> shapes.GuestPage:
    """The members of an event, and guests who wait for admission, in the order in which they joined."""
    page = pb.ListGuestsRequest(event_id=str(event_id), page_size=limit, page_token=cursor)
    answer = await backend.auth.ListGuests(page)
    members = [guest.user_id for guest in answer.guests if not guest.waiting]
    matches = count_matches(backend, str(event_id), members)
    photos, selfies = await asyncio.gather(
        matches if without_photos else or_nothing(matches),
        or_nothing(read_selfies(backend, str(event_id), members)),
    )
    guests = [_guest(guest, selfies, photos) for guest in answer.guests]
    if without_photos:
        guests = [guest for guest in guests if guest.role == "guest" and guest.photos == 0]
    return shapes.GuestPage(guests=guests, next_cursor=answer.next_page_token or None)


@router.delete(
    "/{event_id}/guests/{user_id}", status_code=204, responses=problems("organiser_cannot_leave", *ORGANISED)
)
async def leave_event(
    event_id: UUID, user_id: UUID | Literal["me"], backend: Signed, request: Request, response: Response
) -> None:
    """Leave an event (`me`), or remove a member from it, or refuse one who waits. The last organiser cannot leave.

    A removed guest stays out until admitted again. Unless the guest was waiting, the event gets a new code, and from
    then on each new guest waits for admission: read the event again. A guest without credentials is signed out when
    leaving their last event.
    """
    guest = "" if user_id == "me" else str(user_id)
    answer = await backend.auth.LeaveEvent(pb.LeaveEventRequest(event_id=str(event_id), user_id=guest))
    if answer.signed_out and user_id == "me":
        forget_session(request, response)


@router.patch(
    "/{event_id}/guests/{user_id}",
    status_code=204,
    responses=problems("user_not_found", "credentials_required", "last_organiser", *ORGANISED, *JSON_BODY),
)
async def set_role(event_id: UUID, user_id: UUID, form: shapes.MemberEdit, backend: Signed) -> None:
    """Give a member another role. An organiser needs an account with a password, and the last one keeps the role."""
    await backend.auth.SetRole(
        pb.SetRoleRequest(event_id=str(event_id), user_id=str(user_id), role=f"ROLE_{form.role.upper()}")
    )


@router.get("/{event_id}/removed", responses=problems(*PAGE, *ORGANISED))
async def list_removed(event_id: UUID, backend: Signed, limit: Limit = 50, cursor: Cursor = "") -> shapes.RemovedPage:
    """The guests removed from an event, the last one first; `.../guests/{user_id}/admit` admits one again."""
    page = pb.ListRemovedRequest(event_id=str(event_id), page_size=limit, page_token=cursor)
    answer = await backend.auth.ListRemoved(page)
    guests = [
        shapes.RemovedGuest(
            user_id=guest.user_id,
            username=guest.username,
            display_name=guest.display_name,
            removed_at=epoch_s(guest, "remove_time") or 0,
        )
        for guest in answer.guests
    ]
    return shapes.RemovedPage(guests=guests, next_cursor=answer.next_page_token or None)


@router.post(
    "/{event_id}/guests/{user_id}/admit",
    status_code=204,
    responses=problems("user_not_found", "event_closed", *ORGANISED),
)
async def admit_guest(event_id: UUID, user_id: UUID, backend: Signed) -> None:
    """Admit a guest who is waiting or was removed. From then on, their selfie is matched."""
    await backend.auth.AdmitGuest(pb.AdmitGuestRequest(event_id=str(event_id), user_id=str(user_id)))


@router.post(
    "/{event_id}/guests/{user_id}/sign-in-links",
    status_code=201,
    responses=problems("user_not_found", "credentials_set", "guest_of_others", *ORGANISED),
)
async def create_guest_link(event_id: UUID, user_id: UUID, backend: Signed, request: Request) -> SignInLink:
    """Create a sign-in link for a guest who has lost their session, even if the event is closed."""
    answer = await backend.auth.CreateSignInLink(
        pb.CreateSignInLinkRequest(event_id=str(event_id), user_id=str(user_id))
    )
    return show_link(request, answer)


def _event(
    event: pb.Event, states: Mapping[str, photo_pb2.IndexState], root: str, *, is_single: bool = False
) -> shapes.Event:
    state = states.get(event.event_id) or photo_pb2.IndexState()
    return shapes.Event(
        id=event.event_id,
        name=event.name,
        event_code=event.event_code,
        starts_at=epoch_s(event, "start_time"),
        expires_at=epoch_s(event, "expire_time"),
        closed=event.closed,
        ended=event.ended,
        admission=event.admission,
        guest_photos=GUEST_PHOTOS.get(event.guest_photos, "off"),
        photos=count_photos(state),
        faces=state.face_count,
        guests=event.guest_count,
        waiting=event.waiting_count if event.HasField("waiting_count") else None,
        searched=state.searched_count if is_single else None,
        without_photos=state.unmatched_count if is_single else None,
        **show_offer(event),
        role=ROLES.get(event.role, "guest"),
        logo_url=logo_url(event.event_id, state.logo_version, root),
    )


def _guest(guest: pb.Guest, selfies: Mapping[str, shapes.GuestSelfie], photos: Mapping[str, int]) -> shapes.Guest:
    return shapes.Guest(
        user_id=guest.user_id,
        username=guest.username,
        display_name=guest.display_name,
        role=ROLES.get(guest.role, "guest"),
        joined_at=epoch_s(guest, "join_time") or 0,
        waiting=guest.waiting,
        selfie=selfies.get(guest.user_id),
        photos=photos.get(guest.user_id),
    )
