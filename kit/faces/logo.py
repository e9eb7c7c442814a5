"""Converts a logo for storage: a small PNG of sRGB pixels on white, without metadata."""

import io

from PIL import Image

from kit.faces.images.decode import Pixels, decode
from kit.faces.types import MEGAPIXEL, ImageLimits, LogoReading, Unreadable

MAX_WIDTH_PX = 480
MAX_HEIGHT_PX = 160
LIMITS = ImageLimits(
    max_bytes=1_000_000, min_side_px=8, max_side_px=16_384, max_pixels=25 * MEGAPIXEL, max_memory_bytes=300_000_000
)


def read_logo(data: bytes) -> LogoReading:
    """Bytes that are not an image give a result with a reason, which crosses the pipe like any other."""
    try:
        pixels = decode(data, LIMITS).pixels
    except Unreadable as fault:
        return LogoReading(reason=fault.reason)
    image = _fit(pixels)
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return LogoReading(None, out.getvalue(), *image.size)


def _fit(pixels: Pixels) -> Image.Image:
    """At most MAX_WIDTH_PX x MAX_HEIGHT_PX; never enlarged."""
    image = Image.fromarray(pixels)
    scale = min(MAX_WIDTH_PX / image.width, MAX_HEIGHT_PX / image.height)
    if scale >= 1:
        return image
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
