"""What organisers of an event should look at: accounts with one face, and phones with many guests."""

import asyncio
from collections.abc import Iterable
from uuid import UUID

import grpc
from fastapi import APIRouter
from pydantic import BaseModel, Field

from gateway.backends.channels import Backends
from gateway.errors.from_grpc import has_reason
from gateway.errors.openapi import SIGNED, problems
from gateway.events.counts import AWAY
from gateway.events.guests import find_guests
from gateway.http.authentication import Signed
from gateway.http.times import epoch_s
from protos.auth.v1 import auth_pb2 as pb
from protos.matcher.v1 import matcher_pb2


class Account(BaseModel):
    user_id: str
    username: str = Field(description="empty for a guest without credentials")
    display_name: str
    joined_at: int


class SharedBy(BaseModel):
    accounts: list[Account] = Field(description="in the order in which they joined")


class Anomalies(BaseModel):
    same_face: list[SharedBy] | None = Field(
        description="accounts whose selfies show one face; null where that is not known now"
    )
    same_phone: list[SharedBy] = Field(description="guests who joined by one browser")


router = APIRouter(prefix="/api/events/{event_id}", tags=["events"])


@router.get("/anomalies", responses=problems("invalid_argument", "organiser_only", "event_not_found", *SIGNED))
async def list_anomalies(event_id: UUID, backend: Signed) -> Anomalies:
    """What an organiser should look at, from numbers of accounts on that the server sets. Nothing is wrong with most of
    it: a family shares a phone."""
    phones, faces = await asyncio.gather(
        backend.auth.ListSharedPhones(pb.ListSharedPhonesRequest(event_id=str(event_id))),
        _list_faces(backend, event_id),
    )
    same_face = None
    if faces is not None:
        guests = await find_guests(backend, event_id, {user_id for face in faces for user_id in face})
        same_face = [SharedBy(accounts=_accounts(guests[u] for u in face if u in guests)) for face in faces]
    return Anomalies(
        same_face=same_face, same_phone=[SharedBy(accounts=_accounts(phone.guests)) for phone in phones.phones]
    )


async def _list_faces(backend: Backends, event_id: UUID) -> list[list[str]] | None:
    """None where the service is away or has not heard of the event."""
    try:
        answer = await backend.matcher.ListSharedFaces(matcher_pb2.ListSharedFacesRequest(event_id=str(event_id)))
    except grpc.aio.AioRpcError as error:
        if error.code() in AWAY or has_reason(error, "event_not_found"):
            return None
        raise
    return [list(face.user_ids) for face in answer.faces]


def _accounts(guests: Iterable[pb.Guest]) -> list[Account]:
    accounts = [
        Account(
            user_id=guest.user_id,
            username=guest.username,
            display_name=guest.display_name,
            joined_at=epoch_s(guest, "join_time") or 0,
        )
        for guest in guests
    ]
    return sorted(accounts, key=lambda account: account.joined_at)
