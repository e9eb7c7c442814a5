"""The cameras of an event, and how far their clocks are out."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

MAX_CAMERAS = 500  # of an event; photos of further ones count as of an unknown one
MAX_OFFSET_S = 20 * 366 * 24 * 3600  # a clock that was never set begins with 1980 or later


@dataclass(frozen=True)
class CameraId:
    """What tells a camera from others in its event, and its name for people."""

    name: str
    digest: bytes


@dataclass(frozen=True)
class Camera:
    """A camera, or with no `id` the photos that name none. `label`: its name, with a number where there are several of
    it. The times are those of its photos, with its offset."""

    id: UUID | None
    label: str
    offset_s: int
    photo_count: int
    first_at: datetime | None
    last_at: datetime | None
