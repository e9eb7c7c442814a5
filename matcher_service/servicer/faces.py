"""The faces of photos on the wire."""

import re
from collections.abc import Sequence
from uuid import UUID

from kit.errors import InvalidArgument
from kit.rpc.ids import parse_id
from matcher_service.domain import Visibility
from matcher_service.domain.photo_faces import Explanation, FaceReason, PhotoFaces, StoredFace
from matcher_service.domain.removals import MAX_FACES, ChosenFace, Removal, SimilarFace
from protos.matcher.v1 import matcher_pb2 as pb

KEY = re.compile(r"(\d{1,4})" + r"\.(-?\d{1,9})" * 4, re.ASCII)  # the face's number and box
REMOVALS = {pb.REMOVAL_FORGET_FACES: Removal.FORGET_FACES, pb.REMOVAL_HIDE_PHOTOS: Removal.HIDE_PHOTOS}


def show_similar(event_id: UUID, faces: Sequence[SimilarFace], total: int) -> pb.FindSimilarFacesResponse:
    return pb.FindSimilarFacesResponse(event_id=str(event_id), faces=map(_similar, faces), total_count=total)


def show_searched(faces: Sequence[SimilarFace], total: int) -> pb.SearchFacesResponse:
    return pb.SearchFacesResponse(faces=map(_similar, faces), total_count=total)


def parse_chosen(request: pb.RemoveFacesRequest) -> tuple[list[ChosenFace], Removal]:
    """Raises InvalidArgument."""
    if not 1 <= len(request.faces) <= MAX_FACES or request.removal not in REMOVALS:
        raise InvalidArgument
    chosen = []
    for face in request.faces:
        if (key := KEY.fullmatch(face.face_name)) is None:
            raise InvalidArgument
        chosen.append(ChosenFace(parse_id(face.photo_id), *map(int, key.groups())))
    return chosen, REMOVALS[request.removal]


def _similar(found: SimilarFace) -> pb.SimilarFace:
    face = found.face
    return pb.SimilarFace(
        photo_id=str(face.photo_id),
        number=face.no,
        face_name=".".join(map(str, (face.no, face.left, face.top, face.width, face.height))),
        people=[pb.FacePerson(person_id=str(person), user_id=str(user)) for person, user in found.people],
        hidden=found.visibility is Visibility.HIDDEN,
    )


def show_faces(photo: PhotoFaces, faces: Sequence[tuple[StoredFace, Explanation]]) -> pb.ListFacesResponse:
    person = photo.person
    return pb.ListFacesResponse(
        event_id=str(photo.event_id),
        faces=[_face(face, explanation) for face, explanation in faces],
        small_count=photo.small_count,
        is_shown=person is not None and person.is_shown,
        reasons=_reasons(person.reasons if person else ()),
    )


def _face(face: StoredFace, explanation: Explanation) -> pb.PhotoFace:
    return pb.PhotoFace(
        number=face.no,
        left=face.left,
        top=face.top,
        width=face.width,
        height=face.height,
        people=[pb.FacePerson(person_id=str(person), user_id=str(user)) for person, user in face.people],
        answer=f"FACE_ANSWER_{explanation.answer.name}" if explanation.answer else pb.FACE_ANSWER_UNSPECIFIED,
        reasons=_reasons(explanation.reasons),
    )


def _reasons(reasons: Sequence[FaceReason]) -> list[str]:
    return [f"FACE_REASON_{reason.name}" for reason in reasons]
