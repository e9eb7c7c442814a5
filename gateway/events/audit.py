"""The audit log of an event: the records of all services, merged into one list."""

import asyncio
import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from google.protobuf.timestamp_pb2 import Timestamp
from pydantic import BaseModel, Field

from gateway.errors.openapi import PAGE, SIGNED, problems
from gateway.errors.problem import Problem
from gateway.events.guests import find_guests
from gateway.http.authentication import Signed
from gateway.http.pages import Cursor, Limit
from protos.auth.v1 import auth_pb2
from protos.matcher.v1 import photo_pb2
from protos.selfie.v1 import selfie_pb2

NS_PER_S = 1_000_000_000
CURSOR = re.compile(r"([0-9]{1,19})-([0-9a-f-]{36})", re.ASCII)
OF_MEMBERS = ("role_changed", "guest_removed", "guest_admitted", "sign_in_link_made")


class Act(BaseModel):
    id: str
    at: float = Field(description="epoch seconds")
    actor_id: str | None = Field(description="id of the account that did it; null: the system itself")
    actor_name: str | None = Field(description="name of that account while it is in the event; may be empty")
    action: str = Field(
        description="`role_changed`, `guest_removed`, `guest_admitted`, `code_changed`, `invitation_made`,"
        " `sign_in_link_made`, `faces_viewed`, `face_searched`, `face_searched_by_photo`, `faces_forgotten`,"
        " `faces_hidden`, `photos_deleted` or `new_face`; others may follow"
    )
    object_id: str | None = Field(description="the member, photo, person or invitation; null: the event, or several")
    object_name: str | None = Field(description="of a member, while they are in the event; may be empty")
    result: str = Field(description="`done`, or the role, or how many photos or faces")
    network: str | None = Field(description="of the actor: an IPv4 address to 24 bits, an IPv6 address to 48")


class ActPage(BaseModel):
    acts: list[Act]
    next_cursor: str | None


router = APIRouter(prefix="/api/events", tags=["events"])


@router.get(
    "/{event_id}/audit", responses=problems("invalid_argument", "organiser_only", "event_not_found", *PAGE, *SIGNED)
)
async def list_acts(event_id: UUID, backend: Signed, limit: Limit = 50, cursor: Cursor = "") -> ActPage:
    """The audit log of the event, newest first, for its organisers; each service keeps its own records for
    AUDIT_DAYS."""
    asked: dict[str, Any] = {"event_id": str(event_id), "page_size": limit + 1, **_before(cursor)}
    first = await backend.auth.ListActs(
        auth_pb2.ListActsRequest(**asked)
    )  # which decides about permissions, with the reason
    others = await asyncio.gather(
        backend.photos.ListPhotoActs(photo_pb2.ListPhotoActsRequest(**asked)),
        backend.selfie.ListSelfieActs(selfie_pb2.ListSelfieActsRequest(**asked)),
    )
    acts = sorted((act for answer in (first, *others) for act in answer.acts), key=_key, reverse=True)
    shown = acts[:limit]
    next_cursor = f"{_ns(shown[-1])}-{shown[-1].act_id}" if len(acts) > limit else None
    ids = {act.actor_id for act in shown} | {act.object_id for act in shown if act.action in OF_MEMBERS}
    guests = await find_guests(backend, event_id, ids - {""})
    return ActPage(acts=[_act(act, guests) for act in shown], next_cursor=next_cursor)


def _before(cursor: str) -> dict[str, Any]:
    """Raises Problem."""
    if not cursor:
        return {}
    found = CURSOR.fullmatch(cursor)
    if found is None:
        raise Problem(400, "invalid_page", "This cursor is not one of this list.")
    seconds, nanos = divmod(int(found[1]), NS_PER_S)
    return {"before_time": Timestamp(seconds=seconds, nanos=nanos), "before_id": found[2]}


def _ns(act: Any) -> int:
    return int(act.act_time.ToNanoseconds())


def _key(act: Any) -> tuple[int, UUID]:
    """The sort order of the services: PostgreSQL compares UUIDs byte by byte, as Python does."""
    return _ns(act), UUID(act.act_id)


def _act(act: Any, guests: Mapping[str, auth_pb2.Guest]) -> Act:
    def name(user_id: str) -> str | None:
        guest = guests.get(user_id)
        return (guest.username or guest.display_name) if guest else None

    return Act(
        id=act.act_id,
        at=_ns(act) / NS_PER_S,
        actor_id=act.actor_id or None,
        actor_name=name(act.actor_id),
        action=act.action,
        object_id=act.object_id or None,
        object_name=name(act.object_id),
        result=act.result,
        network=act.network or None,
    )
