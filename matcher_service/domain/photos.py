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
    FACE_SEARCHED = "face_searched"  # by an organiser, who selected it in a photo
    FACE_SEARCHED_BY_PHOTO = "face_searched_by_photo"  # by an organiser, who supplies a photo of the person
    FACES_FORGOTTEN = "faces_forgotten"
    FACES_HIDDEN = "faces_hidden"  # forgotten, and their photos hidden
    PHOTOS_DELETED = "photos_deleted"


class PhotoState(Enum):
    """The state of a photo; all values except REFUSED are stored."""

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
    """Who sees a photo in addition to the organisers of its event: the guests who are in it, every member, or no
    guest (permanently, or until an organiser approves it). The values are stored."""

    MATCHED = "matched"
    EVERYONE = "everyone"
    HIDDEN = "hidden"
    UNAPPROVED = "unapproved"


class Replacement(Enum):
    """Outcome of an upload that should replace the photo of the same name: replaced, or several have that name."""

    REPLACED = "replaced"
    AMBIGUOUS = "ambiguous"


@dataclass(frozen=True)
class Photo:
    """A photo as its organisers see it; fields that the indexer sets are empty until then. `versions`: of its pictures.
    `hide_requests`: the number of undecided requests to hide it. `colour`: its average, 0xRRGGBB. `from_guest`: added
    by a member who was a guest. `new_version`: the state of a new version, PENDING or FAILED with a
    `new_version_reason`; None: there is none."""

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
class Quota:
    """How many photos an event may have, and how many of them one guest may add per day."""

    per_event: int
    guest_per_day: int


@dataclass(frozen=True)
class NewPhoto:
    """An upload that is durable in the file `upload_key`. `replaces`: it replaces the photo of the same name, if there
    is one. `began_at`: when its client began to send it, by the database's clock; None: now."""

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
    """The outcome of an upload; if it was rejected, `photo_id` is None and `reason` is set.

    `existing`: the event already had these bytes; a guest does not learn which photo of another member has them.
    """

    photo_id: UUID | None
    filename: str
    state: PhotoState
    reason: str = ""
    existing: bool = False
    replacement: Replacement | None = None


@dataclass(frozen=True)
class KnownUpload:
    """The existing photo, or the pending new version of one, that has the bytes of an upload, with its state.
    `has_new_version`: a new version with other bytes is waiting to replace them."""

    photo_id: UUID
    state: PhotoState
    uploader_id: UUID | None
    from_guest: bool
    is_new_version: bool = False
    has_new_version: bool = False

    def is_foreign(self, role: Role, user_id: UUID) -> bool:
        """Whether the member learns no more than that it exists."""
        return not may(role, Action.ADD) and self.uploader_id != user_id

    def is_taken_over(self, role: Role) -> bool:
        """Whether the photo becomes the organiser's because they add the same bytes: no guest may delete it then."""
        return may(role, Action.ADD) and self.from_guest


@dataclass(frozen=True)
class ShownPhoto:
    """The requested picture of a photo: its file `key`, its version, and for an original that is sent from the upload
    the parts as `pictures.to_json` encodes them. `number` counts the photos of an event from 1."""

    state: PhotoState
    key: str | None
    parts: list[Any] | None
    version: str
    event_name: str
    number: int
    download: Download


@dataclass(frozen=True)
class KnownPhoto:
    """A file that an event already has."""

    photo_id: UUID
    state: PhotoState


@dataclass(frozen=True)
class NoticeCounts:
    """Counts for e-mails about an event: the photos of each guest who has any, those for everyone, and all of them.
    `released`: whether guests see photos now."""

    of_each: Mapping[UUID, int]
    for_everyone: int
    total: int
    released: bool


@dataclass(frozen=True)
class IndexCounts:
    """The photos of an event by state, and their faces; on request, also the number of guests whose face is searched
    for, and how many of these have no photo."""

    event_id: UUID
    pending: int = 0
    indexed: int = 0
    failed: int = 0
    faces: int = 0
    searched: int = 0
    unmatched: int = 0
