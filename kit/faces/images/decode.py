"""Decodes untrusted bytes to upright sRGB pixels at the required scale, and encodes pixels as JPEG."""

import codecs
import io
import warnings
from dataclasses import dataclass, field
from datetime import datetime

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, TiffImagePlugin  # noqa: F401

from kit.faces.images import jpeg
from kit.faces.images.colour import ColourSpace, find_profile, mode_of, to_srgb
from kit.faces.images.containers import check_pixels, check_size, open_container
from kit.faces.images.formats import sniff
from kit.faces.images.jpeg_scale import choose_scale, load
from kit.faces.images.metadata import Metadata, read_metadata
from kit.faces.images.meter import Meter
from kit.faces.images.resize import shrink
from kit.faces.types import MEGAPIXEL, ImageLimits, Unreadable

Pixels = npt.NDArray[np.uint8]

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_TURNED = frozenset({5, 6, 7, 8})
# From this size, running out of memory is the image's fault; a smaller one would fit in a new process.
_LARGE_PIXELS = 25 * MEGAPIXEL
_MAX_EMBEDDED_PROFILE_BYTES = 1024 * 1024

# Loads what Python and Pillow would load on demand, which fails in a sandboxed process that may not open files; two
# modules of Pillow are imported above for the same reason.
Image.preinit()
# OpenCV's threads would outnumber the processors of many workers, and a confined process may start none.
cv2.setNumThreads(1)
for _name in ("ascii", "latin-1", "cp1252", "utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-16-le"):
    codecs.lookup(_name)


@dataclass(frozen=True, slots=True)
class Picture:
    """Upright sRGB `pixels` (height, width, 3), possibly reduced; `width` and `height` are those of the full picture.

    `metadata.orientation` is that of the stored image. `original_jpeg`, if requested, contains all pixels.
    `is_refinable`: decoding again with a longer edge gives more pixels at little cost.
    """

    pixels: Pixels
    width: int
    height: int
    metadata: Metadata = field(default_factory=Metadata)
    original_jpeg: bytes = b""
    is_refinable: bool = False

    @property
    def taken_at(self) -> datetime | None:
        return self.metadata.taken.instant if self.metadata.taken else None

    @property
    def zoom(self) -> float:
        """The width of one of `pixels`, in pixels of the full picture."""
        return self.width / len(self.pixels[0])


def decode(
    data: bytes,
    limits: ImageLimits,
    long_edge: int | None = None,
    original_quality: int | None = None,
    meter: Meter | None = None,
) -> Picture:
    """Decodes the first image in the bytes. Raises Unreadable for any fault of the bytes.

    With `long_edge`, the picture is reduced to a longer side of at least that length: up to twice as long for a JPEG,
    which its decoder reduces, two to four times for other formats. With `original_quality`, the result includes a JPEG
    of all pixels: in sRGB if the image is a JPEG, otherwise with its colour profile. A truncated picture is accepted if
    at most a tenth of it is missing. The meter records how far a JPEG was read. Failures that are not the image's fault
    are passed on: running out of memory for a small image, and modules that cannot be loaded.
    """
    if len(data) > limits.max_bytes:
        raise Unreadable("too_large")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _decode(data, limits, long_edge, original_quality, meter)
    except (Unreadable, MemoryError, ImportError, PermissionError):
        # The last two: a module or library was requested in a process that may no longer open files.
        raise
    except Image.DecompressionBombError as fault:
        # Pillow's own limit of 179 megapixels, which only its WebP decoder applies.
        raise Unreadable("too_many_pixels") from fault
    except Exception as fault:
        raise Unreadable("unreadable") from fault


def reduce(pixels: Pixels, factor: int) -> Pixels:
    """The picture reduced by averaging squares of `factor` x `factor` pixels."""
    return np.array(Image.fromarray(pixels).reduce(factor))


def average_colour(pixels: Pixels) -> int:
    """0xRRGGBB."""
    red, green, blue = (round(channel) for channel in cv2.mean(pixels)[:3])
    return red << 16 | green << 8 | blue


def to_jpeg(pixels: Pixels, long_edge: int | None, quality: int) -> bytes:
    """A JPEG of sRGB pixels without metadata and profile, reduced to `long_edge` if that is given."""
    return _encode(Image.fromarray(pixels if long_edge is None else shrink(pixels, long_edge)), quality)


def _decode(
    data: bytes, limits: ImageLimits, long_edge: int | None, original_quality: int | None, meter: Meter | None
) -> Picture:
    kind = sniff(data)
    if kind is None:
        raise Unreadable("unsupported_type")
    if kind == "image/jpeg":
        return _decode_jpeg(data, limits, long_edge, original_quality, meter)
    container = open_container(kind, data, limits)
    size = container.image.size
    check_size(size, limits)
    check_pixels(size[0] * size[1], limits)
    try:
        container.image.load()
        metadata, original = read_metadata(container.exif, container.xmp), b""
        orientation = metadata.orientation
        # The loaded image gets no name, so that its pixels are freed as soon as they are flattened.
        flat = _flatten(container.image)
        space = container.space
        del container
        if original_quality is not None:
            flat, space, profile = _prepare_original(flat, space)
            original = _encode(_turn(flat, orientation), original_quality, profile)
        if long_edge is not None and (factor := max(size) // (2 * long_edge)) > 1:
            flat = flat.reduce(factor)
        pixels = np.array(_turn(to_srgb(flat, space), orientation))
    except MemoryError:
        raise _too_large_for_memory(size) from None
    return _picture(pixels, size, metadata, original)


def _decode_jpeg(
    data: bytes, limits: ImageLimits, long_edge: int | None, original_quality: int | None, meter: Meter | None
) -> Picture:
    parts = jpeg.parse(data)
    size = parts.width, parts.height
    check_size(size, limits)
    scale = choose_scale(parts, limits, long_edge)
    space, metadata, original = ColourSpace(icc=parts.icc), read_metadata(parts.exif, parts.xmp, parts.iptc), b""
    orientation = metadata.orientation
    try:
        if original_quality is not None:
            whole = load(parts, choose_scale(parts, limits, None))
            original = _encode(_turn(to_srgb(whole, space), orientation), original_quality)
            del whole
        pixels = np.array(_turn(to_srgb(load(parts, scale, meter), space), orientation))
    except MemoryError:
        raise _too_large_for_memory(size) from None
    return _picture(pixels, size, metadata, original, scale > 1)


def _picture(
    pixels: Pixels, size: tuple[int, int], metadata: Metadata, original: bytes, is_refinable: bool = False
) -> Picture:
    width, height = reversed(size) if metadata.orientation in _TURNED else size
    return Picture(pixels, width, height, metadata, original, is_refinable)


def _too_large_for_memory(size: tuple[int, int]) -> Exception:
    return Unreadable("too_many_pixels") if size[0] * size[1] > _LARGE_PIXELS else MemoryError()


def _turn(image: Image.Image, orientation: int) -> Image.Image:
    return image if orientation == 1 else image.transpose(_UPRIGHT[orientation])


def _encode(image: Image.Image, quality: int, profile: bytes = b"") -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, icc_profile=profile or None)
    return out.getvalue()


def _prepare_original(flat: Image.Image, space: ColourSpace) -> tuple[Image.Image, ColourSpace, bytes]:
    """The picture in its own colours, with a profile that describes them; converted to sRGB if no profile can."""
    profile = b"" if space.is_hdr else find_profile(space)
    if len(profile) > _MAX_EMBEDDED_PROFILE_BYTES or (profile and mode_of(profile) != flat.mode):
        profile = b""
    return (flat, space, profile) if profile else (to_srgb(flat, space), ColourSpace(), b"")


def _flatten(image: Image.Image) -> Image.Image:
    """Converts to 8-bit RGB or grey (L), with transparency blended onto white."""
    if image.mode.startswith("I"):
        # 16-bit grey: convert("RGB") would clip to white.
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.has_transparency_data:
        layer = image if image.mode == "RGBA" else image.convert("RGBA")
        white = Image.new("RGB", image.size, "white")
        white.paste(layer, mask=layer.getchannel("A"))
        return white
    return image if image.mode in ("RGB", "L") else image.convert("RGB")
