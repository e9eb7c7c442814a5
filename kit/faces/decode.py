"""Untrusted bytes to upright RGB pixels, and pixels back to a JPEG that says nothing but its pixels."""

import io
import re
import warnings
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
from PIL import Image

from kit.faces.formats import HAS_HEIC, HEAD_BYTES, sniff, webp_size
from kit.faces.metadata import Metadata, find_metadata
from kit.faces.meter import Meter
from kit.faces.types import ImageLimits, Unreadable

Pixels = npt.NDArray[np.uint8]

# A MPO, as many phones write it, opens as a JPEG: its first image.
_FORMATS: tuple[str, ...] = ("JPEG", "PNG", "WEBP")
if HAS_HEIC:
    import pillow_heif

    pillow_heif.register_heif_opener(thumbnails=False)
    _FORMATS += ("HEIF", "AVIF")

# The start of a JPEG's scan with a valid header (ITU T.81, B.2.3). Each scan of a progressive file walks over the whole
# picture, and a few bytes are enough for one: thousands would take minutes. Cameras and editors write up to a dozen.
_SCAN = re.compile(rb"\xff\xda\x00[\x06\x08\x0a\x0c][\x01-\x04]")
_MAX_SCANS = 100

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True, slots=True)
class Picture:
    """Upright `pixels` (height, width, 3), RGB; `metadata.orientation` is that of the stored image."""

    pixels: Pixels
    metadata: Metadata

    @property
    def taken_at(self) -> datetime | None:
        return self.metadata.taken.instant if self.metadata.taken else None


def decode(data: bytes, limits: ImageLimits, meter: Meter | None = None) -> Picture:
    """The first image in the bytes; whatever is wrong with them raises Unreadable, never another exception.

    Only running out of memory is the caller's: it says nothing about the image. The meter notes how far was read.
    """
    if len(data) > limits.max_bytes:
        raise Unreadable("too_large")
    if sniff(data) is None:
        raise Unreadable("unsupported_type")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _decode(data, limits, meter)
    except (Unreadable, MemoryError):
        raise
    except Image.DecompressionBombError as fault:
        raise Unreadable("invalid_dimensions") from fault
    except Exception as fault:
        raise Unreadable("unreadable") from fault


def shrink(pixels: Pixels, long_edge: int) -> Pixels:
    """The picture with its longer side at most that long; never enlarged."""
    height, width = pixels.shape[:2]
    scale = long_edge / max(height, width)
    if scale >= 1:
        return pixels
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.array(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0))


def to_jpeg(pixels: Pixels, long_edge: int | None, quality: int) -> bytes:
    """A JPEG of the pixels without metadata, shrunk where `long_edge` is given."""
    out = io.BytesIO()
    Image.fromarray(pixels if long_edge is None else shrink(pixels, long_edge)).save(out, "JPEG", quality=quality)
    return out.getvalue()


def _decode(data: bytes, limits: ImageLimits, meter: Meter | None = None) -> Picture:
    kind = sniff(data)
    if kind == "image/webp" and (declared := webp_size(data[:HEAD_BYTES])) is not None:
        _check(declared, limits)
    if kind == "image/jpeg" and sum(1 for _ in _SCAN.finditer(data)) > _MAX_SCANS:
        raise Unreadable("unreadable")
    with Image.open(meter.open(data) if meter else io.BytesIO(data), formats=_FORMATS) as image:
        _check(image.size, limits)
        image.load()
        metadata = find_metadata(image.info)
        rgb = _to_rgb(image)
    if (turn := _UPRIGHT.get(metadata.orientation)) is not None:
        rgb = rgb.transpose(turn)
    return Picture(np.array(rgb), metadata)


def _check(size: tuple[int, int], limits: ImageLimits) -> None:
    width, height = size
    sides_fit = min(size) >= limits.min_side_px and max(size) <= limits.max_side_px
    if not sides_fit or width * height > limits.max_pixels:
        raise Unreadable("invalid_dimensions")


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):
        # 16-bit grey: convert("RGB") would clip to white.
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        white = Image.new("RGB", image.size, "white")
        white.paste(layer, mask=layer.getchannel("A"))
        return white
    return image.convert("RGB")
