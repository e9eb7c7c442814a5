"""The strict validation of a selfie: exactly one face, of sufficient quality for comparison.

HOG detects faces and Haar confirms them. Every candidate comes from HOG. A clear candidate counts by itself; a weak
one, which may be a flag or a fold in a poster, counts only if Haar, whose errors are different, detects a face there
too. HOG searches a small copy first, then beyond the edge for a face that fills the frame, and a finer copy if it found
nothing or if a second face large enough to count would have been missed. Haar alone neither adds nor rejects a face. If
nothing is found, the picture may lie on its side: HOG searches small copies in the other three orientations, and
validation continues in the orientation with a clear face.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from kit.faces.detect.detail import encode_faces, scale_box
from kit.faces.images.decode import Picture, Pixels, decode, reduce
from kit.faces.images.turns import QUARTER_TURNS, turn
from kit.faces.types import MEGAPIXEL, Box, Detection, Encoding, Face, ImageLimits, Quality, Unreadable, check_encoding

if TYPE_CHECKING:
    from kit.faces.engine import Engine

Reason = Literal[
    "no_face",
    "several_faces",
    "face_too_small",
    "too_dark",
    "too_bright",
    "blurred",
    "face_cut_off",
    "unreadable",
    "invalid_dimensions",
    "too_many_pixels",
    "takes_longer",
]

LIMITS = ImageLimits(max_bytes=15_000_000, max_pixels=50 * MEGAPIXEL)

# Measured on photos of single persons, darkened, brightened and blurred in steps: the points where the encoding is
# lost.
MIN_FACE_PX = 60
MIN_BRIGHTNESS = 10.0
MAX_BRIGHTNESS = 230.0
MIN_SHARPNESS = 10.0
MIN_SHARE_INSIDE = 0.6

# A face in the background has less than this share of the largest one's area by HOG's boxes. These come in steps of a
# fifth, and the smallest is 75 pixels of the searched copy, so that a face of 9 % may already count.
BACKGROUND_SHARE = 0.15

_CLEAR_SCORE = 0.5
_COARSE_EDGE_PX = 800
_QUICK_PIXELS = 16 * MEGAPIXEL  # for formats that cannot be decoded at reduced size
# Sufficient for the finest search; a face is encoded from more pixels.
_DECODED_EDGE_PX = 1600
_FRAME_BORDER = 0.25
_FINEST_FACTOR = 2.0
_CONFIRMED_PX = 80
# HOG's smallest box is 73 pixels wide; the margin covers a face between two steps of its pyramid.
_SMALLEST_FOUND_PX = 75


_REASONS: dict[str, Reason] = {"invalid_dimensions": "invalid_dimensions", "too_many_pixels": "too_many_pixels"}


class _TakesLonger(Exception):
    """The quick search finds no clear face."""


@dataclass(frozen=True, slots=True)
class Examination:
    """The verdict: a `reason` to reject the selfie, or the `encoding` (128 little-endian float32). The reason
    `takes_longer` is not a verdict: the quick search did not reach one."""

    reason: Reason | None
    encoding: Encoding | None = None
    quality: Quality | None = None

    def __post_init__(self) -> None:
        if (self.reason is None) == (self.encoding is None):
            raise ValueError("either a reason or an encoding")
        if self.encoding is not None:
            check_encoding(self.encoding)


def build_examiner(
    strict: bool = True, model_cache: Path | None = None, limits: ImageLimits = LIMITS, is_quick: bool = False
) -> Callable[[bytes], Examination]:
    """The entry point of a Sandbox: loads the engine, and returns a function that examines with it."""
    # Imported here, because only the child process may load dlib.
    from kit.faces.engine import Engine

    engine = Engine(for_photos=False, model_cache=model_cache)
    return functools.partial(examine, engine, strict=strict, limits=limits, is_quick=is_quick)


def examine(
    engine: Engine, data: bytes, strict: bool = True, limits: ImageLimits = LIMITS, is_quick: bool = False
) -> Examination:
    """Examines a selfie; without `strict`, accepts the largest face, regardless of other faces and of its quality.

    `is_quick`: decides only selfies that decode quickly and show a clear face in the first search, as most do; the
    result for all others is `takes_longer`."""
    if is_quick:
        limits = replace(limits, max_pixels=min(limits.max_pixels, _QUICK_PIXELS))
    try:
        picture = decode(data, limits, _DECODED_EDGE_PX)
        pixels, scale = _reduce(picture.pixels)
        quarters, boxes = _find_turned(engine, pixels, is_quick)
        boxes = [scale_box(box, scale) for box in _drop_background(boxes)]
        if not boxes:
            return Examination("no_face")
        if strict and len(boxes) > 1:
            return Examination("several_faces")
        found = [Detection(boxes[0], 0.0)]
        faces = encode_faces(engine, picture, found, functools.partial(decode, data, limits), quarters)
    except _TakesLonger:
        return Examination("takes_longer")
    except Unreadable as fault:
        if is_quick and fault.reason == "too_many_pixels":
            return Examination("takes_longer")
        return Examination(_REASONS.get(fault.reason, "unreadable"))
    if not faces:
        return Examination("face_too_small")
    reason = _judge(faces[0], picture) if strict else None
    encoding = None if reason else faces[0].encoding.astype("<f4").tobytes()
    return Examination(reason, encoding, faces[0].quality)


def _reduce(pixels: Pixels) -> tuple[Pixels, int]:
    """Returns the pixels in which faces are searched, and the factor by which they are reduced. Only a JPEG is decoded
    at reduced size; searching all pixels of another format would cost more than decoding it."""
    factor = max(pixels.shape[:2]) // _DECODED_EDGE_PX
    if factor < 2:
        return pixels, 1
    return reduce(pixels, factor), factor


def _find_turned(engine: Engine, pixels: Pixels, is_quick: bool) -> tuple[int, list[Box]]:
    """Returns by how many quarters to turn the picture so that its faces are upright, and their boxes then."""
    if boxes := find_faces(engine, pixels, is_quick):
        return 0, boxes
    scale = min(1.0, _COARSE_EDGE_PX / max(pixels.shape[:2]))
    for quarters in QUARTER_TURNS:
        turned = turn(pixels, quarters)
        if any(found.score >= _CLEAR_SCORE for found in engine.detect(turned, scale)):
            return quarters, find_faces(engine, turned)
    return 0, []


def find_faces(engine: Engine, pixels: Pixels, is_quick: bool = False) -> list[Box]:
    """Finds every face, including those in the background, largest first. Raises _TakesLonger."""
    scale = min(1.0, _COARSE_EDGE_PX / max(pixels.shape[:2]))
    found = engine.detect(pixels, scale)
    if is_quick and not any(detection.score >= _CLEAR_SCORE for detection in found):
        raise _TakesLonger
    found = found or engine.detect(pixels, scale, _FRAME_BORDER)
    boxes = _find_clear(engine, pixels, found)
    factor = _FINEST_FACTOR
    if boxes:
        factor = _SMALLEST_FOUND_PX / (boxes[0].width * scale * BACKGROUND_SHARE**0.5)
    if factor > 1:
        finer = scale * min(factor, _FINEST_FACTOR)
        boxes = _merge(boxes, _find_clear(engine, pixels, engine.detect(pixels, finer)))
    return boxes


def _find_clear(engine: Engine, pixels: Pixels, found: Sequence[Detection]) -> list[Box]:
    clear = [d.box for d in found if d.score >= _CLEAR_SCORE or _is_confirmed(engine, pixels, d.box)]
    return sorted(clear, key=lambda box: box.area, reverse=True)


def _is_confirmed(engine: Engine, pixels: Pixels, box: Box) -> bool:
    """Whether Haar detects the face too; it searches only around the box, since it is slower than HOG."""
    if box.share_inside(pixels.shape[1], pixels.shape[0]) == 0:
        return False
    left, top = max(box.left - box.width // 2, 0), max(box.top - box.height // 2, 0)
    around = pixels[top : box.top + box.height * 3 // 2, left : box.left + box.width * 3 // 2]
    moved = Box(box.left - left, box.top - top, box.width, box.height)
    return any(_is_same(moved, seen) for seen in engine.detect_haar(around, _CONFIRMED_PX / box.width))


def _merge(first: Sequence[Box], second: Sequence[Box]) -> list[Box]:
    """Returns the faces of both searches, each once, with the box of the first search."""
    new = [box for box in second if not any(_is_same(box, known) for known in first)]
    return sorted(itertools.chain(first, new), key=lambda box: box.area, reverse=True)


def _is_same(one: Box, other: Box) -> bool:
    """Haar's boxes are a quarter larger than HOG's, so that the centres are compared."""
    reach = 0.35 * max(one.width, other.width)
    across = abs((one.left + one.width / 2) - (other.left + other.width / 2))
    down = abs((one.top + one.height / 2) - (other.top + other.height / 2))
    return across < reach and down < reach and 0.5 < one.width / other.width < 2


def _drop_background(boxes: Sequence[Box]) -> list[Box]:
    return [box for box in boxes if box.area >= BACKGROUND_SHARE * boxes[0].area]


def _judge(face: Face, picture: Picture) -> Reason | None:
    width, height = picture.width, picture.height
    inside = ((face.landmarks >= 0) & (face.landmarks < (width, height))).all()
    if not inside or face.box.share_inside(width, height) < MIN_SHARE_INSIDE:
        return "face_cut_off"
    if face.quality.size_px < MIN_FACE_PX:
        return "face_too_small"
    if face.quality.brightness < MIN_BRIGHTNESS:
        return "too_dark"
    if face.quality.brightness > MAX_BRIGHTNESS:
        return "too_bright"
    return "blurred" if face.quality.sharpness < MIN_SHARPNESS else None
