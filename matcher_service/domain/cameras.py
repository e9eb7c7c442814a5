"""The cameras of an event, and the offsets of their clocks."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

MAX_CAMERAS = 500  # per event; photos of further cameras count as from an unknown camera
MAX_OFFSET_S = 20 * 366 * 24 * 3600  # a clock that was never set starts in 1980 or later


@dataclass(frozen=True)
class CameraId:
    """Identifies a camera within its event, with a name for display."""

    name: str
    digest: bytes


@dataclass(frozen=True)
class Camera:
    """A camera; without an `id`, it stands for photos that name no camera. `label`: its name, with a number if the
    event has several cameras of that name. The times are those of its photos, corrected by its offset."""

    id: UUID | None
    label: str
    offset_s: int
    photo_count: int
    first_at: datetime | None
    last_at: datetime | None
