"""Removal of people who are not guests from photos on their request: organisers find and forget their faces."""

from collections.abc import Sequence
from contextlib import aclosing, closing
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from gateway.backends.channels import Backends
from gateway.errors.openapi import FILE_BODY, JSON_BODY, SIGNED, files_body, problems
from gateway.events.guests import find_guests
from gateway.http.authentication import Signed
from gateway.http.body import JsonRoute
from gateway.http.rates import rates_of
from gateway.http.schemas import Form
from gateway.http.uploads import FilePolicy, receive_files
from gateway.photos.faces import FaceNumber, FacePerson, name_people
from gateway.photos.routes import ORGANISED
from protos.matcher.v1 import matcher_pb2 as pb

MAX_FACES = 200
MAX_SEARCH_BYTES = 15_000_000
FIELDS = ("file", "photo")
FaceName = Annotated[str, Field(max_length=64, description="identifies the face until it changes")]


class SimilarFace(BaseModel):
    photo_id: str
    face_name: FaceName
    image_url: str = Field(description="the face, as a JPEG of at most 160 pixels on the long edge")
    people: list[FacePerson] = Field(description="the guests it matches")
    hidden: bool = Field(description="whether the photo is already hidden from guests")


class SimilarFaces(BaseModel):
    faces: list[SimilarFace] = Field(description="the nearest of each photo, nearest first; before them the given one")
    total: int = Field(description="how many there are; at most 200 are listed")


class ChosenFace(Form):
    photo_id: UUID
    face_name: FaceName


class FacesRemoval(Form):
    faces: Annotated[list[ChosenFace], Field(min_length=1, max_length=MAX_FACES)]
    removal: Literal["forget_faces", "hide_photos"] = Field(
        description="whether the photos stay as they are or are hidden from guests, too"
    )


class RemovedFaces(BaseModel):
    count: int = Field(description="number of faces forgotten by this request")


router = APIRouter(prefix="/api", tags=["photos"], route_class=JsonRoute)


@router.get(
    "/photos/{photo_id}/faces/{number}/similar", responses=problems("invalid_argument", "photo_not_found", *SIGNED)
)
async def find_similar_faces(photo_id: UUID, number: FaceNumber, request: Request, backend: Signed) -> SimilarFaces:
    """The faces of the event that resemble this one, as closely as a selfie must, for a person who is not a guest and
    asks to be removed. Each search is in the audit log."""
    await _count_search(request)
    answer = await backend.matcher.FindSimilarFaces(pb.FindSimilarFacesRequest(photo_id=str(photo_id), number=number))
    return SimilarFaces(faces=await _show(backend, answer.event_id, answer.faces), total=answer.total_count)


@router.post(
    "/events/{event_id}/faces/search",
    responses=problems("unreadable_photo", "no_face", "several_faces", "unclear_face", *ORGANISED, *FILE_BODY),
    openapi_extra=files_body("file", several=False),
)
async def search_faces(event_id: UUID, request: Request, backend: Signed) -> SimilarFaces:
    """The faces of the event that resemble the only face in a photo of at most 15 MB, as closely as a selfie must, for
    a person who is not a guest and asks to be removed. The photo is not kept, and neither is anything computed from
    it. Each search is in the audit log."""
    await _count_search(request)
    policy = FilePolicy(FIELDS, 1, MAX_SEARCH_BYTES, memory=request.app.state.search_memory)
    image = b""
    async with aclosing(receive_files(request, policy)) as files:
        async for file in files:
            with closing(file):
                image = b"" if file.reason else await file.read()
    answer = await backend.matcher.SearchFaces(pb.SearchFacesRequest(event_id=str(event_id), image=image))
    return SimilarFaces(faces=await _show(backend, str(event_id), answer.faces), total=answer.total_count)


@router.post("/events/{event_id}/faces/removal", responses=problems("face_changed", *ORGANISED, *JSON_BODY))
async def remove_faces(event_id: UUID, form: FacesRemoval, backend: Signed) -> RemovedFaces:
    """Forget faces, all or none: their encodings and matches are deleted, and they stay forgotten when these photos are
    read again. Photos added later must be searched again."""
    chosen = [pb.ChosenFace(photo_id=str(face.photo_id), face_name=face.face_name) for face in form.faces]
    removal = f"REMOVAL_{form.removal.upper()}"
    answer = await backend.matcher.RemoveFaces(
        pb.RemoveFacesRequest(event_id=str(event_id), faces=chosen, removal=removal)
    )
    return RemovedFaces(count=answer.removed_count)


async def _count_search(request: Request) -> None:
    """Raises Problem if the caller has searched for too many faces."""
    if caller := request.scope["caller"]:
        await rates_of(request).hit("face_searches", str(caller.user_id))


async def _show(backend: Backends, event_id: str, faces: Sequence[pb.SimilarFace]) -> list[SimilarFace]:
    guests = await find_guests(backend, event_id, {person.user_id for face in faces for person in face.people})
    return [
        SimilarFace(
            photo_id=face.photo_id,
            face_name=face.face_name,
            image_url=f"/api/photos/{face.photo_id}/faces/{face.number}",
            people=name_people(face.people, guests),
            hidden=face.hidden,
        )
        for face in faces
    ]
