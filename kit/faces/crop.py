"""Crops a face out of a picture that this system created: a small JPEG that is not stored."""

import struct

from kit.faces.images.decode import decode, to_jpeg
from kit.faces.types import CropReading, ImageLimits, Unreadable

BOX = struct.Struct("<5i")  # the width of the photo, and the box in its pixels: left, top, width, height
MARGIN = 0.35  # of the box, on each side
MAX_PX = 160
QUALITY = 80
LIMITS = ImageLimits(max_bytes=20_000_000, min_side_px=1, max_side_px=4096)


def crop_face(data: bytes) -> CropReading:
    """Crops the face from `data`: a box, followed by a JPEG of the photo at any size."""
    photo_width, left, top, width, height = BOX.unpack_from(data)
    try:
        pixels = decode(data[BOX.size :], LIMITS).pixels
    except Unreadable:
        return CropReading()
    scale = pixels.shape[1] / max(photo_width, 1)
    rows = _cut(top, height, scale, pixels.shape[0])
    columns = _cut(left, width, scale, pixels.shape[1])
    face = pixels[rows, columns]
    return CropReading(to_jpeg(face, MAX_PX, QUALITY)) if face.size else CropReading()


def _cut(start: int, length: int, scale: float, edge: int) -> slice:
    """The visible part of a side of the box, with its margin."""
    margin = MARGIN * length
    low, high = (start - margin) * scale, (start + length + margin) * scale
    return slice(max(0, round(low)), max(0, min(edge, round(high))))
