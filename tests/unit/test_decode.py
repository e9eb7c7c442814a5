"""Decoding of malformed and unusual images."""

import contextlib
import io
import struct
import warnings
import zlib
from datetime import UTC, datetime

import numpy as np
import pytest
from PIL import Image

from kit.faces.images.decode import average_colour, decode, to_jpeg
from kit.faces.images.formats import sniff, webp_size
from kit.faces.types import ImageLimits, Unreadable
from tests.unit.drawings import RED, WHITE, chunk, draw, is_near, save

LIMITS = ImageLimits(max_bytes=2_000_000, max_pixels=60_000_000)


def png_claiming(width: int, height: int, *more: bytes, depth: int = 1) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(more) + chunk(b"IEND", b"")


def webp_claiming(width: int, height: int) -> bytes:
    body = bytes(4) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    payload = b"WEBPVP8X" + struct.pack("<I", 10) + body
    return b"RIFF" + struct.pack("<I", len(payload)) + payload


def with_exif(exif: Image.Exif | bytes) -> bytes:
    return save(draw(), exif=exif)


def jpeg_with_height(height: int) -> bytes:
    data = bytearray(save(draw()))
    frame = data.index(b"\xff\xc0")
    data[frame + 5 : frame + 7] = height.to_bytes(2, "big")
    return bytes(data)


def jpeg_with_scans(count: int) -> bytes:
    data = save(Image.new("L", (96, 64)), progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:-2] + data[last:-2] * count + data[-2:]


WHOLE = save(draw(400, 300))
LOOPING_EXIF = b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<HHHIII", 1, 0x8769, 4, 1, 8, 8)

REFUSED = {
    "0 bytes": (b"", "unsupported_type"),
    "1 x 1": (save(draw(1, 1)), "invalid_dimensions"),
    "39 pixels high": (save(draw(400, 39)), "invalid_dimensions"),
    "65500 x 1": (save(draw(65500, 1)), "invalid_dimensions"),
    "80 megapixels in a few bytes": (png_claiming(20000, 4000), "too_many_pixels"),
    "sides of 2^31 - 1": (png_claiming(2**31 - 1, 2**31 - 1), "invalid_dimensions"),
    "a canvas of 268 megapixels": (webp_claiming(16384, 16384), "too_many_pixels"),
    "no side at all": (png_claiming(0, 0), "unreadable"),
    "more bytes than the limit": (WHOLE + bytes(2_000_000), "too_large"),
    "a JPEG cut at 60 %": (WHOLE[: len(WHOLE) * 6 // 10], "unreadable"),
    "a PNG cut at 60 %": (save(draw(400, 300), "PNG")[:-200], "unreadable"),
    "a WebP cut at 60 %": (save(draw(400, 300), "WEBP")[:150], "unreadable"),
    "a progressive JPEG of 5 000 scans": (jpeg_with_scans(5000), "unreadable"),
    "only magic bytes": (b"\xff\xd8\xff\xe0", "unreadable"),
    "a text chunk that unpacks to 64 MB": (
        png_claiming(64, 64, chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(64 << 20))), depth=8),
        "unreadable",
    ),
    "GIF": (save(draw(), "GIF"), "unsupported_type"),
    "TIFF": (save(draw(), "TIFF"), "unsupported_type"),
    "JPEG 2000": (b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(64), "unsupported_type"),
    "JPEG XL": (b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(64), "unsupported_type"),
    "a bare JPEG XL": (b"\xff\x0a" + bytes(64), "unsupported_type"),
    "FITS": (b"SIMPLE  =                    T" + bytes(64), "unsupported_type"),
    "a video": (b"\0\0\0\x18ftypisom" + bytes(64), "unsupported_type"),
    "SVG": (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "unsupported_type"),
    "XML with entities": (b"<?xml version='1.0'?><!DOCTYPE svg [<!ENTITY a 'a'>]><svg>&a;</svg>", "unsupported_type"),
    "EPS": (b"%!PS-Adobe-3.0 EPSF-3.0\n", "unsupported_type"),
    "PDF": (b"%PDF-1.7\n", "unsupported_type"),
    "PSD": (b"8BPS\0\x01" + bytes(64), "unsupported_type"),
    "a TIFF behind JPEG's magic bytes": (b"\xff\xd8\xff" + save(draw(), "TIFF"), "unreadable"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_an_image_that_must_not_be_decoded_is_unreadable_with_a_reason(name: str) -> None:
    data, reason = REFUSED[name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(Unreadable) as caught:
            decode(data, LIMITS)
    assert caught.value.reason == reason


@pytest.mark.parametrize("cut", range(1, 40))
def test_damaged_bytes_raise_only_unreadable(cut: int) -> None:
    data = bytearray(save(draw(), "PNG" if cut % 2 else "JPEG", exif=LOOPING_EXIF))
    step = len(data) * cut // 40
    data[step : step + 8] = bytes(reversed(data[step : step + 8]))
    with contextlib.suppress(Unreadable):
        assert decode(bytes(data), LIMITS).pixels.dtype == np.uint8


@pytest.mark.parametrize("exif", [LOOPING_EXIF, b"Exif\0\0" + b"II*\0\xff\xff\xff\xff" * 99, b"Exif\0\0MM"])
def test_oversized_or_damaged_exif_neither_hangs_nor_raises(exif: bytes) -> None:
    with contextlib.suppress(Unreadable):
        assert decode(with_exif(exif), LIMITS).pixels.shape == (64, 96, 3)


def test_a_frame_declaring_too_many_rows_obeys_the_limits_and_exposes_no_memory() -> None:
    with pytest.raises(Unreadable):
        decode(jpeg_with_height(60_000), LIMITS)
    first, second = (decode(jpeg_with_height(128), LIMITS).pixels for _ in range(2))
    assert (first == second).all()
    assert (first[96:] == first[96, 0]).all()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_orientation_is_turned_upright(orientation: int) -> None:
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = draw().transpose(undo[orientation]) if orientation > 1 else draw()
    exif = Image.Exif()
    exif[274] = orientation
    pixels = decode(save(stored, exif=exif), LIMITS).pixels
    assert pixels.shape == (64, 96, 3)
    assert is_near(pixels[4, 20], WHITE)
    assert all(is_near(pixels[row, column], RED) for row, column in ((4, 80), (58, 20), (58, 80)))


def test_the_capture_time_is_read_and_the_position_is_not_served() -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = "2026:06:20 15:04:05"
    exif.get_ifd(0x8825).update({1: "N", 2: (48.0, 51.0, 29.0)})
    data = with_exif(exif)
    picture = decode(data, LIMITS)
    assert picture.taken_at == datetime(2026, 6, 20, 15, 4, 5, tzinfo=UTC)
    assert "exif" in extras(data), "the control"
    assert extras(to_jpeg(picture.pixels, 50, 90)) == set()


@pytest.mark.parametrize("text", ["", "0000:00:00 00:00:00", "yesterday", "2026:02:30 10:00:00"])
def test_an_invalid_time_leaves_the_photo_readable(text: str) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = text
    assert decode(with_exif(exif), LIMITS).taken_at is None


def grey16() -> bytes:
    row = b"\0" + struct.pack(">64H", *([0x4000] * 32 + [0xC000] * 32))
    return png_claiming(64, 64, chunk(b"IDAT", zlib.compress(row * 64)), depth=16)


def rgb16() -> bytes:
    row = b"\0" + struct.pack(">192H", *([0xC800, 0x1E00, 0x2800] * 64))
    header = struct.pack(">IIBBBBB", 64, 64, 16, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(row * 64)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def transparent(mode: str) -> bytes:
    image = draw().convert("RGBA")
    image.putalpha(Image.new("L", image.size, 255))
    image.paste((0, 0, 0, 0), (0, 0, 48, 16))
    if mode == "P":
        palette = Image.new("P", image.size, 1)
        palette.putpalette([0, 0, 0, *RED])
        palette.paste(0, (0, 0, 48, 16))
        return save(palette, "PNG", transparency=0)
    return save(image.convert(mode), "PNG")


def animated(form: str) -> bytes:
    frames = [Image.new("RGB", (96, 64), (0, 0, shade)) for shade in range(60)]
    return save(draw(), form, save_all=True, append_images=frames)


def multi_picture() -> bytes:
    return save(draw(), "MPO", save_all=True, append_images=[Image.new("RGB", (96, 64), "blue")])


SHOWN = {
    "CMYK, inverted as Adobe does": save(draw().convert("CMYK"), quality=95),
    "RGB of 16 bits": rgb16(),
    "RGBA": transparent("RGBA"),
    "a palette with transparency": transparent("P"),
    "an animated PNG": animated("PNG"),
    "an animated WebP": animated("WEBP"),
    "a multi-picture JPEG": multi_picture(),
    "a JPEG with a ZIP behind it": save(draw()) + b"PK\x03\x04" + bytes(500),
    "a JPEG with a profile of 200 kB": save(draw(), icc_profile=b"\xff" * 200_000),
}


@pytest.mark.parametrize("name", SHOWN)
def test_unusual_images_decode_to_what_a_viewer_shows(name: str) -> None:
    pixels = decode(SHOWN[name], LIMITS).pixels
    assert is_near(pixels[-4, -4], RED, 30)
    assert name == "RGB of 16 bits" or is_near(pixels[4, 20], WHITE)


def test_sixteen_bit_grey_is_scaled_and_not_clipped() -> None:
    pixels = decode(grey16(), LIMITS).pixels
    assert (pixels[5, 5].tolist(), pixels[5, 60].tolist()) == ([64] * 3, [192] * 3)


def test_transparent_grey_is_composited_on_white() -> None:
    assert is_near(decode(transparent("LA"), LIMITS).pixels[4, 20], WHITE)


def extras(data: bytes) -> set[str]:
    """The contents of a file beyond its pixels: metadata by Pillow's name, text, and bytes after the end."""
    image = Image.open(io.BytesIO(data))
    image.load()
    end = {"JPEG": b"\xff\xd9", "PNG": b"IEND\xaeB`\x82"}[str(image.format)]
    found = {str(name) for name in image.info} - {"jfif", "jfif_version", "jfif_unit", "jfif_density", "dpi"}
    found |= {"secret"} if b"SECRET" in data else set()
    return found if data.endswith(end) else found | {"trailing bytes"}


UPLOADS = {
    "text": (save(draw(), "PNG")[:-12] + chunk(b"tEXt", b"Note\0SECRET") + chunk(b"IEND", b""), {"Note", "secret"}),
    "a comment": (save(draw(), comment=b"SECRET"), {"comment", "secret"}),
    "a page behind the picture": (save(draw()) + b"<script>SECRET</script>", {"secret", "trailing bytes"}),
    "an archive behind the picture": (SHOWN["a JPEG with a ZIP behind it"], {"trailing bytes"}),
    "a profile": (SHOWN["a JPEG with a profile of 200 kB"], {"icc_profile"}),
    "a position": (with_exif(b"Exif\0\0II*\0\x08\0\0\0\0\0SECRET"), {"exif", "secret"}),
}


@pytest.mark.parametrize("name", UPLOADS)
def test_served_pictures_contain_only_pixels(name: str) -> None:
    upload, held = UPLOADS[name]
    assert extras(upload) == held, "the control: the unfiltered picture contains it"
    for edge in (None, 48):
        assert extras(to_jpeg(decode(upload, LIMITS).pixels, edge, 90)) == set()


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("size", [(16_000, 40), (40, 16_000)])
def test_images_of_the_maximum_side_length_are_decoded(form: str, size: tuple[int, int]) -> None:
    pixels = decode(save(draw(*size), form), LIMITS).pixels
    assert pixels.shape == (size[1], size[0], 3)
    assert is_near(pixels[-1, -1], RED, 30)


@pytest.mark.parametrize(("edge", "size"), [(48, (48, 32)), (96, (96, 64)), (5000, (96, 64)), (None, (96, 64))])
def test_a_derivative_is_never_enlarged(edge: int | None, size: tuple[int, int]) -> None:
    pixels = decode(save(draw()), LIMITS).pixels
    assert Image.open(io.BytesIO(to_jpeg(pixels, edge, 90))).size == size


@pytest.mark.parametrize(
    ("form", "options", "kind"),
    [
        ("JPEG", {}, "image/jpeg"),
        ("PNG", {}, "image/png"),
        ("WEBP", {}, "image/webp"),
        ("WEBP", {"lossless": True}, "image/webp"),
        ("WEBP", {"save_all": True, "append_images": [Image.new("RGB", (96, 64))]}, "image/webp"),
    ],
)
def test_the_first_bytes_identify_the_type_and_the_size_of_a_webp(
    form: str, options: dict[str, object], kind: str
) -> None:
    data = save(draw(), form, **options)
    assert sniff(data[:12]) == kind
    assert webp_size(data[:30]) == ((96, 64) if form == "WEBP" else None)


def test_the_average_colour_is_that_of_all_pixels() -> None:
    pixels = np.zeros((2, 2, 3), np.uint8)
    pixels[0] = (255, 10, 0)
    pixels[1] = (1, 10, 255)
    assert average_colour(pixels) == 0x800A80
