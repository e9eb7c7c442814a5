"""Encodes faces found at a low resolution from a higher one where needed, in coordinates of the full picture."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from kit.faces.images.decode import Picture
from kit.faces.images.turns import turn, turn_back
from kit.faces.types import Box, Detection, Face

if TYPE_CHECKING:
    from kit.faces.engine import Engine

# The encoder's chip shows a face of this size unscaled; smaller faces are read from a finer decoding. Measured on 136
# faces of 84 to 240 pixels in 12 megapixels: at half the scale, the encodings of those of 84 deviated by 0.19, this way
# by 0.04.
DETAIL_PX = 110


def encode_faces(
    engine: Engine,
    picture: Picture,
    found: Sequence[Detection],
    decode_again: Callable[[int], Picture],
    quarters: int = 0,
) -> list[Face]:
    """The faces found in `picture.pixels`, turned by so many `quarters`, without those that are too small.

    Their boxes, landmarks and sizes are in pixels of the whole picture as it came. `decode_again` decodes it with at
    least that longer edge, and is called at most once.
    """
    if not found:
        return []
    boxes = [detection.box for detection in found]
    source = _refine(picture, boxes, decode_again)
    places = [scale_box(box, picture.zoom / source.zoom) for box in boxes]
    is_sure = {place: detection.is_sure for place, detection in zip(places, found, strict=True)}
    faces = engine.encode(turn(source.pixels, quarters), places, source.zoom)
    return [
        turn_back(
            _scale_face(replace(face, is_sure=is_sure[face.box]), source.zoom), quarters, picture.width, picture.height
        )
        for face in faces
    ]


def _refine(picture: Picture, boxes: Sequence[Box], decode_again: Callable[[int], Picture]) -> Picture:
    smallest = min(min(box.width, box.height) for box in boxes)
    if not picture.is_refinable or smallest >= DETAIL_PX:
        return picture
    edge = max(len(picture.pixels), len(picture.pixels[0]))
    return decode_again(min(math.ceil(edge * DETAIL_PX / smallest), max(picture.width, picture.height)))


def scale_box(box: Box, scale: float) -> Box:
    """The box in a picture that is larger by the scale."""
    if scale == 1:
        return box
    return Box(round(box.left * scale), round(box.top * scale), round(box.width * scale), round(box.height * scale))


def _scale_face(face: Face, scale: float) -> Face:
    if scale == 1:
        return face
    box = scale_box(face.box, scale)
    quality = replace(face.quality, size_px=min(box.width, box.height))
    return replace(face, box=box, landmarks=face.landmarks * scale, quality=quality)
