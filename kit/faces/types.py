"""Inputs and outputs of the face engine, without importing a decoding library.

Answers of the child that processes the image are validated against these types and bounds.
"""

from __future__ import annotations

import array
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

UnreadableReason = Literal["unreadable", "invalid_dimensions", "too_many_pixels", "unsupported_type", "too_large"]

MEGAPIXEL = 1_000_000
ENCODING_NUMBERS = 128
# The longest encoding of dlib is about 1.6.
_MAX_ENCODING_LENGTH = 4.0

Encoding = Annotated[bytes, Meta(min_length=4 * ENCODING_NUMBERS, max_length=4 * ENCODING_NUMBERS)]
Side = Annotated[int, Meta(ge=0, le=65_535)]
# Boxes may extend beyond the picture, by less than their own size.
_Place = Annotated[int, Meta(ge=-(1 << 20), le=1 << 20)]
_Measure = Annotated[float, Meta(ge=-1e9, le=1e9)]

# Address space of a child with its engine, the libraries and the bytes of an image.
ENGINE_MB = 900


class Unreadable(Exception):
    """The bytes are not an image that can be decoded."""

    def __init__(self, reason: UnreadableReason) -> None:
        super().__init__(reason)
        self.reason: UnreadableReason = reason


@dataclass(frozen=True, slots=True)
class ImageLimits:
    """Limits for decoding, checked against the header before any pixel is allocated.

    A side beyond these is `invalid_dimensions`. More than `max_pixels` is `too_many_pixels`, and so is what would need
    more than `max_memory_bytes`; a JPEG counts with the pixels that it has when it is decoded at 1/2, 1/4 or 1/8.
    """

    max_bytes: int = 100_000_000
    min_side_px: int = 40
    max_side_px: int = 65_535
    max_pixels: int = 220 * MEGAPIXEL
    max_memory_bytes: int = 2_000_000_000

    @classmethod
    def within(cls, max_mb: int, max_megapixels: int, memory_mb: int) -> ImageLimits:
        """For files of so many millions of bytes, in a process with that address space, of which the engine's part is
        no longer free."""
        free_bytes = max(memory_mb - ENGINE_MB, ENGINE_MB // 2) * 1024 * 1024
        return cls(max_bytes=max_mb * 1_000_000, max_pixels=max_megapixels * MEGAPIXEL, max_memory_bytes=free_bytes)


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels of the upright picture; it may extend beyond the picture."""

    left: _Place
    top: _Place
    width: _Place
    height: _Place

    @property
    def area(self) -> int:
        return self.width * self.height

    def share_inside(self, picture_width: int, picture_height: int) -> float:
        """The share of the box inside the picture, 0 to 1."""
        width = min(self.left + self.width, picture_width) - max(self.left, 0)
        height = min(self.top + self.height, picture_height) - max(self.top, 0)
        return max(width, 0) * max(height, 0) / self.area


@dataclass(frozen=True, slots=True)
class Detection:
    """A box that may contain a face; `score` is the detector's margin: 0 is its threshold, a clear face has 1 to 3
    by HOG. One that is not `is_sure` was seen by CenterFace alone; its scores are 0.35 to 1."""

    box: Box
    score: float
    is_sure: bool = True


@dataclass(frozen=True, slots=True)
class Quality:
    """How well a face can be seen.

    `size_px` is the shorter side of its box. `brightness` is the mean grey value, 0 to 255, of the 150-pixel chip that
    the encoder sees, `sharpness` the variance of the chip's Laplacian as if that mean were 128: below 10 is a blur
    that costs the likeness, 80 and more a clear photo. `yaw` is roughly in degrees, positive where the nose points to
    the right side of the picture.
    """

    size_px: _Place
    sharpness: _Measure
    brightness: _Measure
    yaw: _Measure


@dataclass(frozen=True, slots=True)
class Face:
    """A face that was found and encoded: `landmarks` (5, 2) in pixels, `encoding` (128,), both float32; `is_sure` as
    in its detection."""

    box: Box
    landmarks: npt.NDArray[np.float32]
    encoding: npt.NDArray[np.float32]
    quality: Quality
    is_sure: bool = True


@dataclass(frozen=True, slots=True)
class LogoReading:
    """A logo as a PNG and its size in pixels, or a `reason` why there is none."""

    reason: UnreadableReason | None = None
    png: bytes = b""
    width: Side = 0
    height: Side = 0


@dataclass(frozen=True, slots=True)
class CropReading:
    """A face as a JPEG; empty if the box is outside of the picture."""

    jpeg: bytes = b""


def check_encoding(encoding: bytes) -> None:
    """Raises ValueError for an encoding that is not finite or too long for a face, since distances to it would be
    meaningless."""
    if not math.hypot(*array.array("f", encoding)) < _MAX_ENCODING_LENGTH:
        raise ValueError("not the encoding of a face")
