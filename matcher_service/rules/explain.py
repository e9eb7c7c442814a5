"""Explains to organisers why a face matches a person or not."""

import numpy as np

from matcher_service.domain.photo_faces import AskedPerson, Explanation, FaceAnswer, FaceReason, PhotoFaces, StoredFace
from matcher_service.faces import SeenFace
from matcher_service.matching import PENALTY_BELOW_PX, is_rejected_face, measure, to_encodings

NEAR_MISS = 0.06  # largest excess over the tolerance


def explain(photo: PhotoFaces, face: StoredFace, tolerance: float) -> Explanation:
    """Explains a face by the published matches and by the selfie of the photo's `person`."""
    person = photo.person
    if person is None or person.encoding is None:
        return Explanation(None)
    if any(person.person_id == matched for matched, _ in face.people):
        is_grown = person.person_id in face.grown
        return Explanation(FaceAnswer.CLEAR, (FaceReason.OTHER_PHOTOS,) if is_grown else ())
    distance = _measure(person, face)
    if distance <= tolerance:
        answer, reason = _find_obstacle(photo, person, face)
        return Explanation(answer, (reason,))
    if distance - face.penalty <= tolerance:
        return Explanation(FaceAnswer.NEAR_MISS, _find_weakness(face))
    return Explanation(FaceAnswer.NEAR_MISS if distance <= tolerance + NEAR_MISS else FaceAnswer.NO)


def _measure(person: AskedPerson, face: StoredFace) -> float:
    assert person.encoding is not None
    penalty = np.array([face.penalty], np.float32)
    return float(measure(to_encodings([person.encoding]), to_encodings([face.encoding]), penalty)[0, 0])


def _find_obstacle(photo: PhotoFaces, person: AskedPerson, face: StoredFace) -> tuple[FaceAnswer, FaceReason]:
    """Why a face within the tolerance does not match the person."""
    assert person.encoding is not None
    if person.has_refused:
        return FaceAnswer.NO, FaceReason.REFUSED
    if is_rejected_face(person.encoding, person.rejected, SeenFace(face.encoding, face.penalty)):
        return FaceAnswer.NO, FaceReason.RESEMBLES_REFUSED
    if any(person.person_id == matched for other in photo.faces for matched, _ in other.people):
        return FaceAnswer.NEAR_MISS, FaceReason.ANOTHER_FACE
    if face.people:
        return FaceAnswer.NEAR_MISS, FaceReason.NEARER_GUEST
    return FaceAnswer.NEAR_MISS, FaceReason.BEING_MATCHED


def _find_weakness(face: StoredFace) -> tuple[FaceReason, ...]:
    small = (FaceReason.TOO_SMALL,) if face.size_px < PENALTY_BELOW_PX else ()
    return small if face.is_sure else (*small, FaceReason.HARD_TO_SEE)
