"""The faces of photos on the wire."""

from collections.abc import Sequence

from matcher_service.domain.photo_faces import Explanation, FaceReason, PhotoFaces, StoredFace
from protos.matcher.v1 import matcher_pb2 as pb


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
