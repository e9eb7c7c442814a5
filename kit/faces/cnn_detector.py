"""The other detector: dlib's CNN (mmod_human_face_detector) on ONNX Runtime.

It finds faces in profile and half hidden ones that HOG misses, and takes several times as long.
"""

from collections.abc import Iterator
from dataclasses import astuple
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kit.faces import models
from kit.faces.dlib_weights import MEAN_RGB, OVERLAP, WINDOW_PX, read_detector
from kit.faces.look import Look, Pixels
from kit.faces.pyramid import Pyramid
from kit.faces.types import Box, Detection

# Three convolutions of stride 2 without padding: where in the picture the score in row and column 0 belongs.
_STRIDE = 8
_FIRST = 14
# The least of which they leave anything.
_MIN_SIDE_PX = 29


class CnnDetector:
    """Finds faces from 80 pixels on; see `kit.faces.models.load_converted` for the `cache`."""

    def __init__(self, cache: Path | None = None) -> None:
        self._session = models.start_session(models.load_converted(models.CNN_DETECTOR, _convert, cache))

    def find(self, pixels: Pixels, scale: float = 1.0, border: float = 0.0) -> list[Detection]:
        """The faces in a picture (height, width, 3), RGB, the surest first; a clear one scores 1.

        `scale` and `border` as in HogDetector.
        """
        look = Look.at_all(pixels, scale, border)
        found = self._find(look.cut(pixels))
        return [Detection(look.place(*astuple(detection.box)), detection.score) for detection in found]

    def _find(self, pixels: Pixels) -> list[Detection]:
        pyramid = Pyramid(pixels.shape[0], pixels.shape[1])
        if min(pyramid.height, pyramid.width) < _MIN_SIDE_PX:
            return []
        colours = (pixels.astype(np.float32) - np.array(MEAN_RGB, np.float32)) / np.float32(256)
        canvas = pyramid.paint(colours.transpose(2, 0, 1))
        scores = self._session.run(None, {"pixels": canvas[None]})[0][0, 0]
        found = sorted(_locate(pyramid, scores), key=lambda detection: detection.score, reverse=True)
        kept: list[Detection] = []
        for detection in found:
            if not any(_overlap(detection.box, other.box) > OVERLAP for other in kept):
                kept.append(detection)
        return kept


def _locate(pyramid: Pyramid, scores: npt.NDArray[np.float32]) -> Iterator[Detection]:
    half = (WINDOW_PX - 1) / 2
    for row, column in np.argwhere(scores > 0).tolist():
        x, y = column * _STRIDE + _FIRST, row * _STRIDE + _FIRST
        tile, level = pyramid.nearest(x, y)
        left, top = pyramid.unscale(x - half - tile.left, level), pyramid.unscale(y - half - tile.top, level)
        right, bottom = pyramid.unscale(x + half - tile.left, level), pyramid.unscale(y + half - tile.top, level)
        # dlib's rectangles contain their last row and column.
        box = Box(_round(left), _round(top), _round(right) - _round(left) + 1, _round(bottom) - _round(top) + 1)
        yield Detection(box, float(scores[row, column]))


def _overlap(one: Box, other: Box) -> float:
    """What two boxes share, as a part of the box around both (dlib/image_processing/box_overlap_testing.h)."""
    lefts, rights = (one.left, other.left), (one.left + one.width, other.left + other.width)
    tops, bottoms = (one.top, other.top), (one.top + one.height, other.top + other.height)
    shared = max(min(rights) - max(lefts), 0) * max(min(bottoms) - max(tops), 0)
    return shared / ((max(rights) - min(lefts)) * (max(bottoms) - min(tops)))


def _round(number: float) -> int:
    return int(np.floor(number + 0.5))


def _convert(source: bytes) -> bytes:
    # Here and not above: the conversion is rare, and onnx is slow to import.
    from kit.faces.onnx_graphs import build_detector

    return build_detector(read_detector(source))
