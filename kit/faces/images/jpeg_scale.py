"""Decodes JPEGs at 1/1, 1/2, 1/4 or 1/8 of their size by DCT scaling, which is cheap, and truncated JPEGs."""

import io

import numpy as np
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from kit.faces.images.jpeg import EOI, Jpeg
from kit.faces.images.meter import Meter
from kit.faces.types import ImageLimits, Unreadable

_SCALES = (1, 2, 4, 8)
# Bytes per pixel: four in Pillow, four in a converted or turned copy, three in numpy.
_PIXEL_BYTES = 11
# The largest missing share of a truncated picture.
_MAX_MISSING_SHARE = 0.1
# Coded data that differs from the zeros that libjpeg reads after the end; without the byte 0xFF.
_FILLER = bytes((73 * place + 41) % 251 for place in range(1024))


def choose_scale(parts: Jpeg, limits: ImageLimits, long_edge: int | None) -> int:
    """The largest denominator at which the longer side has at least `long_edge` pixels, or a larger one if memory is
    limited. Raises Unreadable (`too_many_pixels`) if even 1/8 is too large.
    """
    longer = max(parts.width, parts.height)
    wanted = max((scale for scale in _SCALES if long_edge and longer // scale >= long_edge), default=1)
    for scale in _SCALES:
        pixels = -(-parts.width // scale) * -(-parts.height // scale)
        fits = parts.coefficient_bytes + _PIXEL_BYTES * pixels <= limits.max_memory_bytes
        if scale >= wanted and fits and pixels <= limits.max_pixels:
            return scale
    raise Unreadable("too_many_pixels")


def load(parts: Jpeg, scale: int, meter: Meter | None = None) -> Image.Image:
    """The picture at 1/`scale`, as RGB, L or CMYK. Raises Unreadable if too much of it is missing.

    libjpeg reads zeros after the end of the data. The part that is present is thus the part that stays the same when
    other data is appended.
    """
    if parts.is_whole:
        return _load(parts.lean + EOI, scale, meter)
    if not parts.has_all_scans:
        raise Unreadable("unreadable")
    cut = parts.lean.rstrip(b"\xff")
    picture = _load(cut + EOI, scale, meter)
    if _missing_share(picture, _load(cut + _FILLER + EOI, scale), parts, scale) > _MAX_MISSING_SHARE:
        raise Unreadable("unreadable")
    return picture


def _load(lean: bytes, scale: int, meter: Meter | None = None) -> Image.Image:
    image = JpegImageFile(meter.open(lean) if meter else io.BytesIO(lean))
    if scale > 1:
        image.draft(None, (max(image.width // scale, 1), max(image.height // scale, 1)))
    image.load()
    return image


def _missing_share(one: Image.Image, other: Image.Image, parts: Jpeg, scale: int) -> float:
    """The share of the picture from the first difference to the end, in coding order."""
    differs = np.not_equal(np.asarray(one), np.asarray(other))
    if differs.ndim == 3:
        differs = differs.any(axis=-1)
    rows = np.flatnonzero(differs.any(axis=1))
    if not rows.size:
        return 0.0
    height, width = len(differs), len(differs[0])
    together = max(parts.lines_per_mcu // scale, 1)
    start = int(rows[0]) // together * together
    end = min(start + together, height)
    first = int(np.flatnonzero(differs[start:end].any(axis=0))[0])
    missing = (width - first) * (end - start) + width * (height - end)
    return missing / (width * height)
