"""Anomalies of an event for its organisers: accounts with the same face or a selfie of two, phones with many guests."""

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


class TwoFaces(BaseModel):
    account: Account
    photos: int = Field(description="number of photos that contain both faces")


class Anomalies(BaseModel):
    same_face: list[SharedBy] | None = Field(
        description="accounts whose selfies show one face; null if currently unknown"
    )
    two_faces: list[TwoFaces] | None = Field(
        description="accounts whose selfie is near two different faces of one photo, as the average of two people is;"
        " null if currently unknown"
    )
    same_phone: list[SharedBy] = Field(description="guests who joined by one browser")


router = APIRouter(prefix="/api/events/{event_id}", tags=["events"])


@router.get("/anomalies", responses=problems("invalid_argument", "organiser_only", "event_not_found", *SIGNED))
async def list_anomalies(event_id: UUID, backend: Signed) -> Anomalies:
    """Anomalies that an organiser should review, above thresholds that the server sets. Most are harmless, such as a
    family that shares a phone."""
    phones, faces = await asyncio.gather(
        backend.auth.ListSharedPhones(pb.ListSharedPhonesRequest(event_id=str(event_id))),
        _list_faces(backend, event_id),
    )
    same_face = two_faces = None
    if faces is not None:
        ids = {user_id for face in faces.faces for user_id in face.user_ids}
        guests = await find_guests(backend, event_id, ids | {two.user_id for two in faces.two_faces})
        same_face = [
            SharedBy(accounts=_accounts(guests[u] for u in face.user_ids if u in guests)) for face in faces.faces
        ]
        two_faces = [
            TwoFaces(account=_account(guests[two.user_id]), photos=two.photo_count)
            for two in faces.two_faces
            if two.user_id in guests
        ]
    same_phone = [SharedBy(accounts=_accounts(phone.guests)) for phone in phones.phones]
    return Anomalies(same_face=same_face, two_faces=two_faces, same_phone=same_phone)


async def _list_faces(backend: Backends, event_id: UUID) -> matcher_pb2.ListSharedFacesResponse | None:
    """None if the service is unavailable or does not know the event yet."""
    try:
        request = matcher_pb2.ListSharedFacesRequest(event_id=str(event_id))
        answer: matcher_pb2.ListSharedFacesResponse = await backend.matcher.ListSharedFaces(request)
    except grpc.aio.AioRpcError as error:
        if error.code() in AWAY or has_reason(error, "event_not_found"):
            return None
        raise
    return answer


def _accounts(guests: Iterable[pb.Guest]) -> list[Account]:
    return sorted(map(_account, guests), key=lambda account: account.joined_at)


def _account(guest: pb.Guest) -> Account:
    return Account(
        user_id=guest.user_id,
        username=guest.username,
        display_name=guest.display_name,
        joined_at=epoch_s(guest, "join_time") or 0,
    )
