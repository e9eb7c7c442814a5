"""Photos being read."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from matcher_service.domain.cameras import CameraId
from matcher_service.domain.photos import Variant

ENCODING_SIZE = 128
# The version of the code that reads photos. Faces of version 1 have no penalty; version 3 detects faces in copies that
# are reduced differently; version 4 encodes three crops of a face and has other penalties.
ENGINE_VERSION = 4
MAX_FAILURES = 3


@dataclass(frozen=True)
class Job:
    """A photo to be read. `attempt` fences every later write. `is_replacement`: a new version of a photo, which takes
    its place once it is read."""

    photo_id: UUID
    event_id: UUID
    upload_key: str
    attempt: int
    is_replacement: bool = False


@dataclass(frozen=True)
class NewFace:
    """A face found in a photo: its box in pixels, its encoding and its quality. `penalty` is added to each of its
    distances; a face that is not `sure` was found by CenterFace only."""

    left: int
    top: int
    width: int
    height: int
    encoding: bytes
    size_px: int
    sharpness: float
    brightness: float
    yaw: float
    penalty: float = 0.0
    sure: bool = True


@dataclass(frozen=True)
class IndexedPhoto:
    """The result of indexing a photo, and the keys of the pictures that are served.

    `taken_offset_min`: minutes east of UTC of the camera's clock, None if unknown. `original_parts`: how to send the
    original from the upload, if it has no file of its own. `small_count`: faces found in addition to `faces`, too
    small to be encoded. `original_bytes`: size of the original as it is sent. `colour`: the average, 0xRRGGBB.
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
    colour: int | None = None
    camera: CameraId | None = None
