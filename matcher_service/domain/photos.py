"""The photos of an event, as they arrive and as they are shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

from matcher_service.domain.changes import Download, Role
from matcher_service.domain.permissions import Action, may

MAX_PHOTOS_PER_CALL = 100
MAX_PHOTOS_CHANGED = 200  # in one transaction
MAX_HASHES = 1000
MAX_USERS = 200  # per count
MAX_FILENAME_LENGTH = 200


class Recorded(Enum):
    """Acts in the audit log; the values are stored and shown."""

    FACES_VIEWED = "faces_viewed"
    FACE_SEARCHED = "face_searched"  # by an organiser, who points at it in a photo
    FACE_SEARCHED_BY_PHOTO = "face_searched_by_photo"  # by an organiser, who supplies a photo of the person
    FACES_FORGOTTEN = "faces_forgotten"
    FACES_HIDDEN = "faces_hidden"  # forgotten, and their photos hidden
    PHOTOS_DELETED = "photos_deleted"


class PhotoState(Enum):
    """The life of a photo; the values but REFUSED, which is not kept, are stored."""

    PENDING = "pending"
    INDEXED = "indexed"
    FAILED = "failed"
    REFUSED = "refused"


class Variant(Enum):
    """Which picture of a photo."""

    THUMB = "thumb"
    MEDIUM = "medium"
    PREVIEW = "preview"
    ORIGINAL = "original"


class Visibility(Enum):
    """Who sees a photo apart from the organisers of its event: the guests who are in it, every member, or no guest,
    permanently or until an organiser approves it; the values are stored."""

    MATCHED = "matched"
    EVERYONE = "everyone"
    HIDDEN = "hidden"
    UNAPPROVED = "unapproved"


class Replacement(Enum):
    """Outcome of an upload that was to replace the photo of the same name: done, or several photos have that name."""

    REPLACED = "replaced"
    AMBIGUOUS = "ambiguous"


@dataclass(frozen=True)
class Photo:
    """A photo as its organisers see it; fields that the indexer sets are empty until then. `versions`: of its pictures.
    `hide_requests`: how many guests ask to hide it and wait for a decision. `colour`: its average, 0xRRGGBB.
    `from_guest`: added by a member who was a guest. `new_version`: the state of a new version of it, PENDING or
    FAILED with a `new_version_reason`; None: there is none."""

    id: UUID
    event_id: UUID
    filename: str
    state: PhotoState
    reason: str
    width: int
    height: int
    face_count: int
    size_bytes: int
    taken_at: datetime | None
    created_at: datetime
    versions: Mapping[Variant, str]
    original_bytes: int
    taken_offset_min: int | None
    visibility: Visibility
    uploader_id: UUID | None
    hide_requests: int
    colour: int | None
    from_guest: bool
    new_version: PhotoState | None = None
    new_version_reason: str = ""


@dataclass(frozen=True)
class NewPhoto:
    """An upload that is durable in the file `upload_key`. `replaces`: the photo of the same name, if there is one.
    `began_at`: when its client began to send it, by the database's clock; None: now."""

    id: UUID
    event_id: UUID
    uploader_id: UUID
    filename: str
    content_type: str
    upload_key: str
    sha256: bytes
    size_bytes: int
    replaces: bool = False
    began_at: datetime | None = None


@dataclass(frozen=True)
class AddedPhoto:
    """The outcome of an upload; if it was refused, `photo_id` is None and `reason` is set.

    `existing`: the same bytes already existed; a guest does not learn which photo of another member has them.
    """

    photo_id: UUID | None
    filename: str
    state: PhotoState
    reason: str = ""
    existing: bool = False
    replacement: Replacement | None = None


@dataclass(frozen=True)
class KnownUpload:
    """The existing photo, or pending new version of one, that has the bytes of an upload, with its state.
    `has_new_version`: other bytes are to replace them."""

    photo_id: UUID
    state: PhotoState
    uploader_id: UUID | None
    from_guest: bool
    is_new_version: bool = False
    has_new_version: bool = False

    def is_foreign(self, role: Role, user_id: UUID) -> bool:
        """Whether the member only learns that it exists."""
        return not may(role, Action.ADD) and self.uploader_id != user_id

    def is_taken_over(self, role: Role) -> bool:
        """What an organiser adds is accepted from them: no guest may delete it."""
        return may(role, Action.ADD) and self.from_guest


@dataclass(frozen=True)
class ShownPhoto:
    """A photo whose picture is requested: the file `key`, of an original that is sent from the upload its parts
    as `pictures.to_json` has them, and the picture's version. `number` counts the photos of an event from 1."""

    state: PhotoState
    key: str | None
    parts: list[Any] | None
    version: str
    event_name: str
    number: int
    download: Download


@dataclass(frozen=True)
class KnownPhoto:
    """A file that an event has."""

    photo_id: UUID
    state: PhotoState


@dataclass(frozen=True)
class NoticeCounts:
    """Counts for e-mails about an event: the photos of each guest who is in any, those for everyone, and all of them.
    `released`: whether guests see photos now."""

    of_each: Mapping[UUID, int]
    for_everyone: int
    total: int
    released: bool


@dataclass(frozen=True)
class IndexCounts:
    """Photos of an event by state, and their faces; if counted, also the guests whose face is searched for: all of
    them, and those without a photo."""

    event_id: UUID
    pending: int = 0
    indexed: int = 0
    failed: int = 0
    faces: int = 0
    searched: int = 0
    unmatched: int = 0
