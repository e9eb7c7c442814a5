"""What matcher_service is about: photos, faces, guests, matches; their rules and faults."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

from kit.errors import InvalidInput, NotAllowed, NotFound, Precondition

ENCODING_SIZE = 128
ENGINE_VERSION = 1  # of what reads photos; faces of two versions are not compared

MAX_PHOTOS_PER_CALL = 100
MAX_FILENAME_LENGTH = 200
MAX_FAILURES = 3


class Role(Enum):
    """What a member may do; the values are stored."""

    GUEST = "guest"
    ORGANISER = "organiser"


class ChangeKind(Enum):
    """What auth_service tells us."""

    JOINED = "joined"
    LEFT = "left"
    USER_ERASED = "user_erased"
    EVENT_UPDATED = "event_updated"
    EVENT_DELETED = "event_deleted"


class PhotoState(Enum):
    """The life of a photo; the values but REFUSED, which is not kept, are stored."""

    PENDING = "pending"
    INDEXED = "indexed"
    FAILED = "failed"
    REFUSED = "refused"


class PhotoOrder(Enum):
    """By which time a list of photos is sorted: a photo without a time taken counts as taken when it was uploaded."""

    UPLOADED = "uploaded"
    TAKEN = "taken"


class RematchState(Enum):
    """How far a rematch is."""

    ACCEPTED = "accepted"
    RUNNING = "running"
    DONE = "done"
    SUPERSEDED = "superseded"
    FAILED = "failed"


class Variant(Enum):
    """Which picture of a photo."""

    THUMB = "thumb"
    MEDIUM = "medium"
    PREVIEW = "preview"
    ORIGINAL = "original"


@dataclass(frozen=True)
class Change:
    """An entry of auth_service's change feed; `kind` says which fields are set, None is a kind that we do not know."""

    sequence: int
    kind: ChangeKind | None
    event_id: UUID | None = None
    user_id: UUID | None = None
    role: Role | None = None
    name: str = ""
    closed: bool = False
    expires_at: datetime | None = None


@dataclass(frozen=True)
class Photo:
    """A photo as its organisers see it; what the indexer finds out is empty until then. `versions`: of its pictures."""

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


@dataclass(frozen=True)
class Listing:
    """Which photos of a list, and in which order; by default all, the last uploaded first."""

    order: PhotoOrder = PhotoOrder.UPLOADED
    ascending: bool = False
    state: PhotoState | None = None

    def name(self, subject: str) -> str:
        """The scope of its page tokens: a token of one order is none of another."""
        if self == NEWEST_FIRST:
            return subject
        state = self.state.value if self.state else "all"
        return f"{subject}, {state}, by {self.order.value}, {'asc' if self.ascending else 'desc'}"

    def key(self, photo: "Photo | Match") -> tuple[str, str]:
        """The key of a page: the time by which the list is sorted, and the photo's id."""
        by_time = (self.order is PhotoOrder.TAKEN and photo.taken_at) or photo.created_at
        return by_time.isoformat(), str(photo.photo_id if isinstance(photo, Match) else photo.id)


NEWEST_FIRST = Listing()


@dataclass(frozen=True)
class NewPhoto:
    """An upload that is durable in the file `upload_key`."""

    id: UUID
    event_id: UUID
    uploader_id: UUID
    filename: str
    content_type: str
    upload_key: str
    sha256: bytes
    size_bytes: int


@dataclass(frozen=True)
class ShownPhoto:
    """A photo whose picture is asked for: the file `key`, of an original that is sent from the upload its parts
    as `pictures.to_json` has them, and the picture's version. `number` counts the photos of an event from 1."""

    state: PhotoState
    key: str | None
    parts: list[Any] | None
    version: str
    event_name: str
    number: int


@dataclass(frozen=True)
class AddedPhoto:
    """What became of an upload: `photo_id` is None and `reason` set where it was refused.

    `existing`: the same bytes were here before.
    """

    photo_id: UUID | None
    filename: str
    state: PhotoState
    reason: str = ""
    existing: bool = False


@dataclass(frozen=True)
class Match:
    """A photo that a guest is in; `original_bytes` is 0 where it is not known."""

    photo_id: UUID
    event_id: UUID
    width: int
    height: int
    taken_at: datetime | None
    created_at: datetime
    versions: Mapping[Variant, str]
    original_bytes: int
    event_name: str
    number: int
    taken_offset_min: int | None


@dataclass(frozen=True)
class IndexCounts:
    """Photos of an event by state, and their faces."""

    event_id: UUID
    pending: int
    indexed: int
    failed: int
    faces: int


@dataclass(frozen=True)
class Rematch:
    """A guest to be matched again; no `encoding` (128 little-endian float32) means: forget this guest."""

    id: str
    user_id: UUID
    event_id: UUID
    revision: int
    encoding: bytes | None


@dataclass(frozen=True)
class Snapshot:
    """How far a rematch is; counts of faces compared, faces in all, and photos matched."""

    rematch_id: str
    state: RematchState
    compared: int = 0
    total: int = 0
    matched: int = 0
    reason: str = ""


@dataclass(frozen=True)
class Hint:
    """The photos of some users in an event changed; `event_deleted`: it is gone, and they are its members."""

    event_id: UUID
    user_ids: tuple[UUID, ...]
    event_deleted: bool = False


@dataclass(frozen=True)
class Job:
    """A photo to be read. `attempt` fences every later write."""

    photo_id: UUID
    event_id: UUID
    upload_key: str
    attempt: int


@dataclass(frozen=True)
class NewFace:
    """A face found in a photo: its box in pixels, its encoding, how well it can be seen."""

    left: int
    top: int
    width: int
    height: int
    encoding: bytes
    size_px: int
    sharpness: float
    brightness: float
    yaw: float


@dataclass(frozen=True)
class IndexedPhoto:
    """What the indexer found out about a photo, and where it put the pictures that are served.

    `taken_offset_min`: minutes east of UTC of the camera's clock, None where it is unknown. `original_parts`: how to
    send the original from the upload, for a photo without a file of its own for it. `small_count`: faces found in
    addition to `faces`, too small to be encoded. `original_bytes`: of the original as it is sent.
    """

    width: int
    height: int
    taken_at: datetime | None
    keys: dict[Variant, str]
    original_bytes: int
    faces: tuple[NewFace, ...]
    small_count: int = 0
    taken_offset_min: int | None = None
    original_parts: list[Any] | None = None


class EventNotFound(NotFound):
    """There is no such event."""


class PhotoNotFound(NotFound):
    """There is no such photo."""


class PhotoNotReady(Precondition):
    """This photo is not ready to be shown."""


class PhotoNotFailed(Precondition):
    """Only a photo that could not be read can be retried."""


class OrganiserOnly(NotAllowed):
    """Only organisers may do this."""


class EventClosed(Precondition):
    """This event is closed: it takes no more photos."""


class EmptyImage(InvalidInput):
    """The file is empty."""


class TooLarge(InvalidInput):
    """The photo is larger than the limit, MAX_PHOTO_MB."""


class UnsupportedType(InvalidInput):
    """Supported formats: JPEG, PNG, WebP, HEIC and AVIF."""


class TooManyFiles(InvalidInput):
    """At most 100 photos can be uploaded at once."""
