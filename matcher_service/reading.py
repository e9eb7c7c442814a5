"""Reads a photo once: its faces, its capture time, and the derivatives that are served instead of its bytes.

Faces are detected at the lowest resolution that shows the smallest one, and encoded at a higher one where needed. At
any scale, sizes and boxes are in pixels of the full, upright photo.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from kit.faces.detect.detail import encode_faces
from kit.faces.images.decode import Picture, Pixels, average_colour, decode, to_jpeg
from kit.faces.images.formats import sniff
from kit.faces.images.metadata import Camera, add_metadata
from kit.faces.images.meter import Meter
from kit.faces.images.original import MAX_PARTS, Part, Plan, plan_original, trim
from kit.faces.images.resize import shrink
from kit.faces.images.taken import Taken
from kit.faces.images.turns import QUARTER_TURNS, turn
from kit.faces.types import (
    Box,
    Detection,
    Encoding,
    Face,
    ImageLimits,
    Quality,
    Side,
    Unreadable,
    UnreadableReason,
    check_encoding,
)

if TYPE_CHECKING:
    from kit.faces.engine import Engine

LIMITS = ImageLimits()
MAX_FACES = 500

# The smallest face that is searched for, as a share of the photo's longer side.
MIN_FACE_SHARE = 0.02
_SIZE_SLACK = 0.8  # tolerance, because detectors' boxes are inexact
_SMALLEST_DECODED_PX = 32  # HOG confirms it in an enlarged copy; the encoder reads it from a finer decoding
# If HOG finds no face, the photo may lie on its side. The other orientations are searched in a copy of this size; a
# weaker detection would be as likely a pattern as a face.
_TURNED_PX = 640
_TURNED_SCORE = 0.3

ORIGINAL_QUALITY = 93
DERIVATIVE_QUALITY = 85
PREVIEW_PX = 1600
MEDIUM_PX = 960
THUMB_PX = 480


@dataclass(frozen=True, slots=True)
class FaceReading:
    """One face of a photo; `encoding` is 128 little-endian float32. `is_sure`: HOG finds it, too."""

    box: Box
    encoding: Encoding
    quality: Quality
    is_sure: bool = True

    def __post_init__(self) -> None:
        check_encoding(self.encoding)


@dataclass(frozen=True, slots=True)
class Reading:
    """The result of reading a photo; if it could not be read, `reason` is set and everything else is empty.

    `faces` are the encoded ones, `small_count` is the number of smaller faces. The JPEGs contain upright pixels in
    sRGB; all except the thumb also the capture time and the creator's rights. `original_parts` says how to send the
    upload as the original (`kit.faces.images.original.Plan`); if that is impossible, `original_jpeg` contains all
    pixels, those of a HEIC, AVIF, PNG or WebP with their own colour profile. `colour` is the average, 0xRRGGBB.
    `camera` is None if the photo names none.
    """

    reason: UnreadableReason | None = None
    width: Side = 0
    height: Side = 0
    taken: Taken | None = None
    faces: Annotated[tuple[FaceReading, ...], Meta(max_length=MAX_FACES)] = ()
    original_jpeg: bytes = b""
    preview_jpeg: bytes = b""
    thumb_jpeg: bytes = b""
    small_count: Annotated[int, Meta(ge=0, le=100_000)] = 0
    original_parts: Annotated[tuple[Part, ...], Meta(max_length=MAX_PARTS)] = ()
    medium_jpeg: bytes = b""
    colour: Annotated[int, Meta(ge=0, le=0xFFFFFF)] | None = None
    camera: Camera | None = None

    def __post_init__(self) -> None:
        if any(part[0] > part[1] for part in self.original_parts if not isinstance(part, bytes)):
            raise ValueError("a range that ends before it starts")


def build_reader(
    min_face_share: float = MIN_FACE_SHARE,
    model_cache: Path | None = None,
    limits: ImageLimits = LIMITS,
) -> Callable[[bytes], Reading]:
    """The entry point of a Sandbox: loads the engine, and returns a function that reads photos."""
    # Imported here: only the child process may load dlib.
    from kit.faces.engine import Engine

    engine = Engine(model_cache=model_cache)
    return functools.partial(read, engine, min_face_share=min_face_share, limits=limits)


def read(
    engine: Engine,
    data: bytes,
    min_face_share: float = MIN_FACE_SHARE,
    limits: ImageLimits = LIMITS,
) -> Reading:
    """Reads a photo; bytes that are not an image give a result with a reason, which the parent receives like any
    other."""
    try:
        picture, plan = _decode(data, limits, least_edge(min_face_share))
        quarters, found = find_turned(engine, picture.pixels, min_face_share)
        faces = encode_faces(engine, picture, found, functools.partial(decode, data, limits), quarters)
    except Unreadable as fault:
        return Reading(reason=fault.reason)
    preview = shrink(picture.pixels, PREVIEW_PX)
    medium = shrink(preview, MEDIUM_PX)
    return Reading(
        width=picture.width,
        height=picture.height,
        taken=picture.metadata.taken,
        camera=picture.metadata.camera,
        faces=tuple(_to_reading(face) for face in faces),
        original_jpeg=add_metadata(picture.original_jpeg, picture.metadata) if picture.original_jpeg else b"",
        preview_jpeg=add_metadata(to_jpeg(preview, None, DERIVATIVE_QUALITY), picture.metadata),
        thumb_jpeg=to_jpeg(medium, THUMB_PX, DERIVATIVE_QUALITY),
        small_count=len(found) - len(faces),
        original_parts=plan.parts if plan else (),
        colour=average_colour(preview),
        medium_jpeg=add_metadata(to_jpeg(medium, None, DERIVATIVE_QUALITY), picture.metadata),
    )


def _decode(data: bytes, limits: ImageLimits, edge: int) -> tuple[Picture, Plan | None]:
    """The decoded picture, and how to send the upload as its original. Raises Unreadable."""
    plan, meter = plan_original(data) if sniff(data) == "image/jpeg" else None, Meter()
    if plan is None:
        return decode(data, limits, edge, ORIGINAL_QUALITY), None
    picture = decode(data, limits, edge, meter=meter)
    return picture, trim(plan, meter, lambda again: decode(data, limits, edge, meter=again))


def least_edge(min_face_share: float) -> int:
    """How many pixels the longer side needs for the smallest face to be found and for the preview."""
    return max(PREVIEW_PX, math.ceil(_SMALLEST_DECODED_PX / min_face_share))


def find_turned(engine: Engine, pixels: Pixels, min_face_share: float = MIN_FACE_SHARE) -> tuple[int, list[Detection]]:
    """The number of quarter turns that make the faces upright, 0 if HOG finds none, and the faces in the turned
    pixels."""
    upright = find_faces(engine, pixels, min_face_share)
    if any(found.is_sure for found in upright):
        return 0, upright
    small = shrink(pixels, _TURNED_PX)
    scores = {
        quarters: max((found.score for found in engine.find(turn(small, quarters)) if found.is_sure), default=0.0)
        for quarters in QUARTER_TURNS
    }
    best = max(scores, key=lambda quarters: scores[quarters])
    if scores[best] < _TURNED_SCORE:
        return 0, upright
    return best, find_faces(engine, turn(pixels, best), min_face_share)


def find_faces(engine: Engine, pixels: Pixels, min_face_share: float = MIN_FACE_SHARE) -> list[Detection]:
    """The faces of a photo that are large enough, the largest first, at most MAX_FACES."""
    smallest_px = _SIZE_SLACK * min_face_share * max(pixels.shape[:2])
    large = [found for found in engine.find(pixels) if min(found.box.width, found.box.height) >= smallest_px]
    return sorted(large, key=lambda found: found.box.area, reverse=True)[:MAX_FACES]


def _to_reading(face: Face) -> FaceReading:
    return FaceReading(face.box, face.encoding.astype("<f4").tobytes(), face.quality, face.is_sure)
