"""Inconsistencies between files and rows, and which of them can be repaired; pure."""

from dataclasses import dataclass
from enum import Enum
from uuid import UUID

from matcher_service.domain import PhotoState

FILE_MISSING = "file_missing"


class Problem(Enum):
    """What is wrong; the values are printed."""

    UPLOAD_MISSING = "upload_missing"
    UPLOAD_DAMAGED = "upload_damaged"
    NEW_VERSION_MISSING = "new_version_missing"
    NEW_VERSION_DAMAGED = "new_version_damaged"
    KEY_MISSING = "key_missing"
    PICTURE_MISSING = "picture_missing"
    PICTURE_DAMAGED = "picture_damaged"
    LOGO_MISSING = "logo_missing"
    ORPHAN = "orphan"
    YOUNG_ORPHAN = "young_orphan"
    UNREAD_WITH_FACES = "unread_with_faces"
    PHOTO_OF_DELETED_EVENT = "photo_of_deleted_event"
    FACE_TOO_NEW = "face_too_new"
    FACE_SIZE = "face_size"
    MATCH_OF_STRANGER = "match_of_stranger"
    MATCH_WITHOUT_FACE = "match_without_face"
    MATCH_SHOWN_WRONG = "match_shown_wrong"
    PERSON_SIZE = "person_size"
    PERSON_ERASED = "person_erased"
    MEMBER_ERASED = "member_erased"
    COUNTS_WRONG = "counts_wrong"


UPLOAD_PROBLEMS = frozenset({Problem.UPLOAD_MISSING, Problem.UPLOAD_DAMAGED})
PICTURE_PROBLEMS = frozenset({Problem.KEY_MISSING, Problem.PICTURE_MISSING, Problem.PICTURE_DAMAGED})

WORDS = {
    Problem.UPLOAD_MISSING: "its upload is missing",
    Problem.UPLOAD_DAMAGED: "its upload is not what was uploaded",
    Problem.NEW_VERSION_MISSING: "the upload of its new version is missing",
    Problem.NEW_VERSION_DAMAGED: "the upload of its new version is not what was uploaded",
    Problem.KEY_MISSING: "it is indexed but has no file for a picture",
    Problem.PICTURE_MISSING: "a picture that is served is missing",
    Problem.PICTURE_DAMAGED: "a picture that is served is not a complete JPEG",
    Problem.LOGO_MISSING: "its logo is missing",
    Problem.ORPHAN: "no row names this file",
    Problem.YOUNG_ORPHAN: "no row names this file yet; nothing is wrong before a day has passed",
    Problem.UNREAD_WITH_FACES: "it is not indexed and has faces or matches",
    Problem.PHOTO_OF_DELETED_EVENT: "its event is deleted",
    Problem.FACE_TOO_NEW: "its version is above that of its event",
    Problem.FACE_SIZE: "its encoding does not have 512 bytes",
    Problem.MATCH_OF_STRANGER: "the user is not a member of the photo's event",
    Problem.MATCH_WITHOUT_FACE: "the user has no encoding in the photo's event",
    Problem.MATCH_SHOWN_WRONG: "whether it is shown is not what the photo's visibility and requests say",
    Problem.PERSON_SIZE: "the encodings are not of 512 bytes each",
    Problem.PERSON_ERASED: "the user is erased but still has an encoding",
    Problem.MEMBER_ERASED: "the user is erased but still a member",
    Problem.COUNTS_WRONG: "its counters are not those of its photos",
}


@dataclass(frozen=True)
class Finding:
    """A problem with `subject`; `cure` describes its repair, empty if it was not repaired."""

    problem: Problem
    subject: str
    cure: str = ""

    @property
    def is_wrong(self) -> bool:
        """Whether an operator has to act."""
        return not self.cure and self.problem is not Problem.YOUNG_ORPHAN

    def __str__(self) -> str:
        line = f"{self.problem.value}: {self.subject}: {WORDS[self.problem]}"
        return f"{line} -- {self.cure}" if self.cure else line


@dataclass(frozen=True)
class UploadFile:
    """An upload's file, as it should be."""

    key: str
    sha256: bytes
    size_bytes: int


@dataclass(frozen=True)
class PhotoFiles:
    """The files that a photo's row names, and what is wrong with the row itself."""

    id: UUID
    event_id: UUID
    state: PhotoState
    reason: str
    attempt: int
    upload: UploadFile
    new_version: UploadFile | None  # pending, or failed for a reason other than a lost file
    picture_keys: tuple[str | None, ...]
    original_end: int  # bytes needed of an upload that is sent as the original
    problems: tuple[Problem, ...]

    @property
    def has_upload(self) -> bool:
        """Whether an upload should exist; a photo that failed because its file was lost has none."""
        return (self.state, self.reason) != (PhotoState.FAILED, FILE_MISSING)


@dataclass(frozen=True)
class RowPage:
    """The rows of a page that have a problem, and the key after which the next page begins; None on the last page."""

    count: int
    faulty: list[tuple[Problem, dict[str, UUID | int]]]
    last: tuple[UUID | int, ...] | None
