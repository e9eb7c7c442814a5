"""Reading a photo, once: its faces, when it was taken, and the derivatives that are served instead of its bytes."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kit.faces.decode import Pixels, decode, shrink, to_jpeg
from kit.faces.formats import sniff
from kit.faces.metadata import add_metadata
from kit.faces.meter import Meter
from kit.faces.original import Part, plan_original, trim
from kit.faces.taken import Taken
from kit.faces.types import Box, DetectorName, Face, ImageLimits, Quality, Unreadable, UnreadableReason

if TYPE_CHECKING:
    from kit.faces.engine import Engine

LIMITS = ImageLimits()
MAX_FACES = 500

# The smallest face that is looked for, as a share of the photo's longer side; half the share takes four times as long.
MIN_FACE_SHARE = 0.02
MAX_SCALE = 2.0
_SMALLEST_FOUND_PX = 75

ORIGINAL_QUALITY = 93
DERIVATIVE_QUALITY = 85
PREVIEW_PX = 1600
THUMB_PX = 480


@dataclass(frozen=True, slots=True)
class FaceReading:
    """One face of a photo; `encoding` is 128 little-endian float32."""

    box: Box
    encoding: bytes
    quality: Quality


@dataclass(frozen=True, slots=True)
class Reading:
    """What a photo holds; with a `reason` it could not be read, and everything else is empty.

    `faces` are those that were encoded, `small_count` tells how many more were found. The JPEGs hold upright pixels,
    preview and original also the time and the creator's rights. `original_parts` says how to send the upload as the
    original (`kit.faces.original.Plan`); where that is not possible, `original_jpeg` has all of the pixels.
    """

    reason: UnreadableReason | None = None
    width: int = 0
    height: int = 0
    taken: Taken | None = None
    faces: tuple[FaceReading, ...] = ()
    original_jpeg: bytes = b""
    preview_jpeg: bytes = b""
    thumb_jpeg: bytes = b""
    small_count: int = 0
    original_parts: tuple[Part, ...] = ()


def build_reader(
    min_face_share: float = MIN_FACE_SHARE, detector: DetectorName = "hog", model_cache: Path | None = None
) -> Callable[[bytes], Reading]:
    """The entry of a FaceProcess: loads the engine and reads with it."""
    # Here and not above: only the child process may load dlib.
    from kit.faces.engine import Engine

    engine = Engine(detector=detector, model_cache=model_cache)
    return functools.partial(read, engine, min_face_share=min_face_share)


def read(engine: Engine, data: bytes, min_face_share: float = MIN_FACE_SHARE) -> Reading:
    """Reads a photo; bytes that are none give a result with a reason, which crosses a pipe as any other."""
    plan, meter = plan_original(data) if sniff(data) == "image/jpeg" else None, Meter()
    try:
        picture = decode(data, LIMITS, meter)
    except Unreadable as fault:
        return Reading(reason=fault.reason)
    if plan:
        plan = trim(plan, meter, lambda again: decode(data, LIMITS, again))
    pixels = picture.pixels
    height, width = pixels.shape[:2]
    preview = shrink(pixels, PREVIEW_PX)
    boxes = find_boxes(engine, pixels, min_face_share)
    faces = engine.encode(pixels, boxes)
    return Reading(
        width=width,
        height=height,
        taken=picture.metadata.taken,
        faces=tuple(_to_reading(face) for face in faces),
        original_jpeg=b"" if plan else add_metadata(to_jpeg(pixels, None, ORIGINAL_QUALITY), picture.metadata),
        preview_jpeg=add_metadata(to_jpeg(preview, None, DERIVATIVE_QUALITY), picture.metadata),
        thumb_jpeg=to_jpeg(preview, THUMB_PX, DERIVATIVE_QUALITY),
        small_count=len(boxes) - len(faces),
        original_parts=plan.parts if plan else (),
    )


def find_boxes(engine: Engine, pixels: Pixels, min_face_share: float = MIN_FACE_SHARE) -> list[Box]:
    """Where the faces of a photo are, the largest first and no more than the cap."""
    scale = min(MAX_SCALE, _SMALLEST_FOUND_PX / (min_face_share * max(pixels.shape)))
    boxes = [detection.box for detection in engine.detect(pixels, scale)]
    return sorted(boxes, key=lambda box: box.area, reverse=True)[:MAX_FACES]


def _to_reading(face: Face) -> FaceReading:
    return FaceReading(face.box, face.encoding.astype("<f4").tobytes(), face.quality)
