"""The faces of a photo as organisers see them, and why a person is in it or not, in words."""

from dataclasses import dataclass
from enum import Enum
from uuid import UUID

MAX_PIXELS = 160  # longer side of the picture of a face


class FaceAnswer(Enum):
    """Whether a face counts as a person's."""

    CLEAR = "clear"
    NEAR_MISS = "near_miss"
    NO = "no"


class FaceReason(Enum):
    """Why a face counts as a person's or not, or why the person does not see the photo."""

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
    """A face as it is stored, and the persons and accounts that it matches, each with whether growth found it."""

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
    """What is known about a person in the event of a photo. `encoding`: of their selfie. `rejected`: the encodings of
    the faces that they rejected. `reasons`: why they do not see the photo, whatever its faces are."""

    person_id: UUID
    encoding: bytes | None
    has_refused: bool
    rejected: tuple[bytes, ...]
    is_shown: bool
    reasons: tuple[FaceReason, ...]


@dataclass(frozen=True)
class PhotoFaces:
    """The faces of a photo that is `width` pixels wide. `preview_key`: the file from which they are cut."""

    event_id: UUID
    width: int
    preview_key: str
    small_count: int
    faces: tuple[StoredFace, ...]
    person: AskedPerson | None


@dataclass(frozen=True)
class Explanation:
    """Explains whether one face counts as one person's, and why."""

    answer: FaceAnswer | None
    reasons: tuple[FaceReason, ...] = ()
