"""The faces of a photo as organisers see them, and the reasons why they match a person or not."""

from dataclasses import dataclass
from enum import Enum
from uuid import UUID

MAX_PIXELS = 160  # longer side of the picture of a face


class FaceAnswer(Enum):
    """Whether a face matches a person."""

    CLEAR = "clear"
    NEAR_MISS = "near_miss"
    NO = "no"


class FaceReason(Enum):
    """Why a face matches a person or not, or why the person does not see the photo."""

    OTHER_PHOTOS = "other_photos"
    REFUSED = "refused"
    RESEMBLES_REFUSED = "resembles_refused"
    NEARER_GUEST = "nearer_guest"
    ANOTHER_FACE = "another_face"
    TOO_SMALL = "too_small"
    HARD_TO_SEE = "hard_to_see"
    BEING_MATCHED = "being_matched"
    NO_SELFIE = "no_selfie"
    NO_MEMBER = "no_member"
    HIDDEN = "hidden"
    UNAPPROVED = "unapproved"
    ASKED_TO_HIDE = "asked_to_hide"
    HELD_BACK = "held_back"


@dataclass(frozen=True)
class StoredFace:
    """A stored face, and the people and accounts that it matches; `grown`: people for whom growth found it."""

    no: int
    left: int
    top: int
    width: int
    height: int
    encoding: bytes
    size_px: int
    penalty: float
    is_sure: bool
    people: tuple[tuple[UUID, UUID], ...]
    grown: frozenset[UUID]


@dataclass(frozen=True)
class AskedPerson:
    """The person about whom an organiser asks, in the event of a photo. `encoding`: of their selfie. `rejected`:
    encodings of the faces that they rejected. `reasons`: why they do not see the photo, whatever its faces are."""

    person_id: UUID
    encoding: bytes | None
    has_refused: bool
    rejected: tuple[bytes, ...]
    is_shown: bool
    reasons: tuple[FaceReason, ...]


@dataclass(frozen=True)
class PhotoFaces:
    """The faces of a photo that is `width` pixels wide. `preview_key`: the file from which they are cropped."""

    event_id: UUID
    width: int
    preview_key: str
    small_count: int
    faces: tuple[StoredFace, ...]
    person: AskedPerson | None


@dataclass(frozen=True)
class Explanation:
    """Whether one face matches one person, and why."""

    answer: FaceAnswer | None
    reasons: tuple[FaceReason, ...] = ()
