"""Reduces pictures with the quality of Lanczos resampling, in a third of its time."""

import math

import cv2
import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]

# Lanczos' window, in pixels of the result.
_LOBES = 3
# A picture at least this many times as long is first halved by averaging four pixels (Pillow's "reducing gap").
_HALVED_FROM = 3


def shrink(pixels: Pixels, long_edge: int) -> Pixels:
    """The picture (height, width, 3) reduced to a longer side of at most `long_edge`; never enlarged.

    First Lanczos' filter is applied at the picture's own pixels, which removes the detail that the result cannot show.
    The filtered picture is so smooth that cubic interpolation loses nothing. The result differs from that of Pillow's
    Lanczos, which computes new weights for each pixel, less than a JPEG of quality 85 differs from its source.
    """
    height, width = pixels.shape[:2]
    if long_edge >= max(height, width):
        return pixels
    scale = long_edge / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    pixels = _halve(pixels, long_edge)
    scale = long_edge / max(pixels.shape[:2])
    if scale * _HALVED_FROM < 1:
        # The picture is too narrow to be halved.
        return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    taps = _lanczos(scale)
    smooth = cv2.sepFilter2D(pixels, -1, taps, taps, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.resize(smooth, size, interpolation=cv2.INTER_CUBIC), np.uint8)


def halve(pixels: Pixels) -> Pixels:
    """The picture (height, width, 3) at half its size, averaging four pixels; drops the last row or column of an odd
    side."""
    height, width = pixels.shape[0] // 2, pixels.shape[1] // 2
    even = pixels[: 2 * height, : 2 * width]
    return np.asarray(cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _halve(pixels: Pixels, long_edge: int) -> Pixels:
    while max(pixels.shape[:2]) >= _HALVED_FROM * long_edge and min(pixels.shape[:2]) > 1:
        pixels = halve(pixels)
    return pixels


def _lanczos(scale: float) -> npt.NDArray[np.float64]:
    """Lanczos' kernel for that scale, at whole pixels; their sum is 1."""
    reach = math.ceil(_LOBES / scale) - 1
    x = np.arange(-reach, reach + 1) * scale
    taps = np.sinc(x) * np.sinc(x / _LOBES)
    return np.asarray(taps / taps.sum())
