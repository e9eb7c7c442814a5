"""Every format except JPEG behind one type: undecoded pixels, their colours, and metadata that may be damaged."""

import importlib.util
import io
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image
from PIL.AvifImagePlugin import AvifImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from kit.faces.images import heif, png
from kit.faces.images.colour import ColourSpace
from kit.faces.images.formats import HEAD_BYTES, webp_size
from kit.faces.types import ImageLimits, Unreadable

if importlib.util.find_spec("pillow_heif") is not None:
    import pillow_heif
    from pillow_heif.as_plugin import HeifImageFile

    # Only the primary image is read, and decoding uses one thread, like everything else in this process.
    pillow_heif.options.THUMBNAILS = pillow_heif.options.DEPTH_IMAGES = pillow_heif.options.AUX_IMAGES = False
    pillow_heif.options.DECODE_THREADS = 1

_UNSPECIFIED = 2  # of H.273


@dataclass(slots=True)
class Container:
    """An image that is not decoded yet, and its file's metadata; `exif` and `xmp` are the unparsed bytes."""

    image: Image.Image
    space: ColourSpace
    exif: bytes
    xmp: bytes


def open_container(kind: str, data: bytes, limits: ImageLimits) -> Container:
    """Opens a PNG, WebP, HEIC or AVIF image by its media type. Raises Unreadable, and any exception of a decoder.

    Pillow's classes are used directly: `Image.open` would try other formats, and has its own limit.
    """
    if kind == "image/png":
        return _open_png(data)
    if kind == "image/webp":
        if (declared := webp_size(data[:HEAD_BYTES])) is not None:
            check_size(declared, limits)
            check_pixels(declared[0] * declared[1], limits)
        image: Image.Image = WebPImageFile(io.BytesIO(data))
        return Container(
            image, ColourSpace(icc=_bytes(image, "icc_profile")), _bytes(image, "exif"), _bytes(image, "xmp")
        )
    return _open_heif(data, AvifImageFile if kind == "image/avif" else HeifImageFile)


def check_size(size: tuple[int, int], limits: ImageLimits) -> None:
    """Raises Unreadable if a side is too short or too long."""
    if min(size) < limits.min_side_px or max(size) > limits.max_side_px:
        raise Unreadable("invalid_dimensions")


def check_pixels(pixels: int, limits: ImageLimits) -> None:
    """Raises Unreadable if there are too many pixels to decode."""
    if pixels > limits.max_pixels:
        raise Unreadable("too_many_pixels")


def _open_png(data: bytes) -> Container:
    """Of the chunks about colours, the first in this order applies: cICP, iCCP, sRGB, gAMA with cHRM (PNG, 4.3)."""
    parts = png.parse(data)
    space = ColourSpace(gamma=parts.gamma, chromaticities=parts.chromaticities)
    if parts.cicp is not None:
        space = ColourSpace(primaries=parts.cicp[0], transfer=parts.cicp[1])
    elif parts.icc:
        space = ColourSpace(icc=parts.icc)
    elif parts.is_srgb:
        space = ColourSpace()
    return Container(PngImageFile(io.BytesIO(parts.lean)), space, parts.exif, parts.xmp)


def _open_heif(data: bytes, opener: Callable[[io.BytesIO], Image.Image]) -> Container:
    try:
        image = opener(io.BytesIO(data))
    except Exception:
        # The EXIF data is damaged, or the track of an AVIF sequence is missing or damaged: reads the still picture.
        image = opener(io.BytesIO(heif.hide_exif(data).replace(b"ftypavis", b"ftypavif", 1)))
    nclx = heif.read_nclx(data)
    space = ColourSpace(icc=_bytes(image, "icc_profile"))
    if nclx is not None and nclx.transfer != _UNSPECIFIED:
        space = ColourSpace(icc=space.icc, primaries=nclx.primaries, transfer=nclx.transfer)
    return Container(image, space, _bytes(image, "exif"), _bytes(image, "xmp"))


def _bytes(image: Image.Image, name: str) -> bytes:
    found = image.info.get(name)
    return found if isinstance(found, bytes) else b""
