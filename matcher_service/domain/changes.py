"""Changes of events and memberships, as auth_service reports them."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from uuid import UUID


class Role(Enum):
    """What a member may do; the values are stored."""

    GUEST = "guest"
    ORGANISER = "organiser"
    COUPLE = "couple"
    PHOTOGRAPHER = "photographer"


class GuestPhotos(Enum):
    """Whether guests may add photos; MODERATED: an organiser must approve each one. The values are stored."""

    OFF = "off"
    MODERATED = "moderated"
    OPEN = "open"


class Download(Enum):
    """Which picture of a photo a member may download; the values are stored."""

    ORIGINAL = "original"
    PREVIEW = "preview"
    NONE = "none"


class ChangeKind(Enum):
    """Kinds of changes in auth_service's feed."""

    JOINED = "joined"
    LEFT = "left"
    USER_ERASED = "user_erased"
    EVENT_UPDATED = "event_updated"
    EVENT_DELETED = "event_deleted"


@dataclass(frozen=True)
class Change:
    """An entry of auth_service's change feed. `kind` determines which fields are set; None: an unknown kind.
    `held`, `download` and `guest_photos` are None if unchanged."""

    sequence: int
    kind: ChangeKind | None
    event_id: UUID | None = None
    user_id: UUID | None = None
    role: Role | None = None
    name: str = ""
    closed: bool = False
    expires_at: datetime | None = None
    held: bool | None = None
    releases_at: datetime | None = None
    download: Download | None = None
    guest_photos: GuestPhotos | None = None
