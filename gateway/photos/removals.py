"""Removal of people who are not guests from photos on their request: organisers find and forget their faces."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from gateway.errors.openapi import JSON_BODY, SIGNED, problems
from gateway.events.guests import find_guests
from gateway.http.authentication import Signed
from gateway.http.body import JsonRoute
from gateway.http.schemas import Form
from gateway.photos.faces import FaceNumber, FacePerson, name_people
from gateway.photos.routes import ORGANISED
from protos.matcher.v1 import matcher_pb2 as pb

MAX_FACES = 200
FaceName = Annotated[str, Field(max_length=64, description="identifies the face until it changes")]


class SimilarFace(BaseModel):
    photo_id: str
    face_name: FaceName
    image_url: str = Field(description="the face, as a JPEG of at most 160 pixels on the long edge")
    people: list[FacePerson] = Field(description="the guests it matches")
    hidden: bool = Field(description="whether the photo is already hidden from guests")


class SimilarFaces(BaseModel):
    faces: list[SimilarFace] = Field(description="the given one, then the nearest of each other photo")
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
async def find_similar_faces(photo_id: UUID, number: FaceNumber, backend: Signed) -> SimilarFaces:
    """The faces of the event that resemble this one, as closely as a selfie must, for a person who is not a guest and
    asks to be removed. Each search is in the audit log."""
    answer = await backend.matcher.FindSimilarFaces(pb.FindSimilarFacesRequest(photo_id=str(photo_id), number=number))
    wanted = {person.user_id for face in answer.faces for person in face.people}
    guests = await find_guests(backend, answer.event_id, wanted)
    faces = [
        SimilarFace(
            photo_id=face.photo_id,
            face_name=face.face_name,
            image_url=f"/api/photos/{face.photo_id}/faces/{face.number}",
            people=name_people(face.people, guests),
            hidden=face.hidden,
        )
        for face in answer.faces
    ]
    return SimilarFaces(faces=faces, total=answer.total_count)


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
