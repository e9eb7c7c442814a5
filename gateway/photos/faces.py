"""The faces of a photo, and why a guest matches them or not, for organisers."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, Field

from gateway.enums import names_of
from gateway.errors.openapi import SIGNED, pictures, problems
from gateway.events.guests import find_guests
from gateway.http.authentication import Signed
from protos.auth.v1 import auth_pb2
from protos.matcher.v1 import matcher_pb2 as pb

MAX_AGE_S = 600
ERRORS = ("invalid_argument", "photo_not_found", "photo_not_ready", *SIGNED)

Answer = Literal["clear", "near_miss", "no"]
ANSWERS: dict[int, Answer] = {
    pb.FACE_ANSWER_CLEAR: "clear",
    pb.FACE_ANSWER_NEAR_MISS: "near_miss",
    pb.FACE_ANSWER_NO: "no",
}
REASONS = names_of(pb.FaceReason)

Reason = Annotated[str, Field(json_schema_extra={"enum": [*REASONS.values()]})]


class FacePerson(BaseModel):
    person_id: str
    user_id: str
    username: str = Field(description="empty for a guest without credentials, and for one who left meanwhile")
    display_name: str


class Face(BaseModel):
    number: int = Field(description="in the photo; it may change when the photo is read again")
    left: int = Field(description="its box in pixels of the upright photo")
    top: int
    width: int
    height: int
    image_url: str = Field(description="the face, as a JPEG of at most 160 pixels on the long edge")
    people: list[FacePerson] = Field(description="the people it matches")
    answer: Answer | None = Field(
        description="whether it matches the guest: `near_miss` does not, narrowly or for a reason that may change;"
        " null: no guest was named, or the guest is not searched for"
    )
    reasons: list[Reason] = Field(description="why")


class Faces(BaseModel):
    faces: list[Face]
    small: int = Field(description="number of further faces, too small to be compared")
    is_shown: bool | None = Field(description="whether the guest is shown the photo; null: no guest was named")
    reasons: list[Reason] = Field(description="why not, regardless of its faces")


FaceNumber = Annotated[int, Path(ge=0, le=2**31 - 1)]  # the range of the proto's int32

router = APIRouter(prefix="/api/photos/{photo_id}/faces", tags=["photos"])


@router.get("", responses=problems(*ERRORS))
async def list_faces(photo_id: UUID, backend: Signed, guest_id: UUID | None = None) -> Faces:
    """The faces of a photo and the people they match, for the organisers of its event; with `guest_id` also why each
    face matches this guest or not, as reasons without a similarity score."""
    request = pb.ListFacesRequest(photo_id=str(photo_id), person_id=str(guest_id or ""))
    answer = await backend.matcher.ListFaces(request)
    wanted = {person.user_id for face in answer.faces for person in face.people}
    guests = await find_guests(backend, answer.event_id, wanted)
    return Faces(
        faces=[_face(photo_id, face, guests) for face in answer.faces],
        small=answer.small_count,
        is_shown=answer.is_shown if guest_id else None,
        reasons=_reasons(answer.reasons),
    )


@router.get(
    "/{number}",
    response_class=Response,
    responses={200: {"description": "The face.", "content": pictures("image/jpeg")}, **problems(*ERRORS)},
)
async def get_face(photo_id: UUID, number: FaceNumber, backend: Signed) -> Response:
    """A face, cut from the preview of its photo, for the organisers of its event."""
    answer = await backend.matcher.GetFaceCrop(pb.GetFaceCropRequest(photo_id=str(photo_id), number=number))
    headers = {"Cache-Control": f"private, max-age={MAX_AGE_S}", "X-Content-Type-Options": "nosniff"}
    return Response(answer.image, media_type="image/jpeg", headers=headers)


def name_people(people: Iterable[pb.FacePerson], guests: Mapping[str, auth_pb2.Guest]) -> list[FacePerson]:
    """`guests`: the available ones by id."""
    named = []
    for person in people:
        guest = guests.get(person.user_id) or auth_pb2.Guest()
        names = {"username": guest.username, "display_name": guest.display_name}
        named.append(FacePerson(person_id=person.person_id, user_id=person.user_id, **names))
    return named


def _face(photo_id: UUID, face: pb.PhotoFace, guests: Mapping[str, auth_pb2.Guest]) -> Face:
    return Face(
        number=face.number,
        left=face.left,
        top=face.top,
        width=face.width,
        height=face.height,
        image_url=f"/api/photos/{photo_id}/faces/{face.number}",
        people=name_people(face.people, guests),
        answer=ANSWERS.get(face.answer),
        reasons=_reasons(face.reasons),
    )


def _reasons(reasons: Iterable[int]) -> list[str]:
    """The reasons that this version supports."""
    return [REASONS[reason] for reason in reasons if reason in REASONS]
