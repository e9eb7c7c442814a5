"""Pictures with intact pixels and broken metadata, and truncated pictures."""

import io
import struct
import zlib
from functools import cache

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from kit.faces.images import jpeg, jpeg_scale
from kit.faces.images.decode import Pixels, decode
from kit.faces.images.metadata import Metadata
from kit.faces.types import ImageLimits, Unreadable
from tests.unit.test_decode import chunk, draw, save

LIMITS = ImageLimits()
GARBAGE = [
    b"\xff" * 300,
    b"II*\0\xff\xff\xff\xff",
    b"MM\0*\0\0\0\x08\xff\xff" + b"\x01\x12\0\x03" * 40,
    b"II*\0",
    b"Exif",
]


def scene(width: int = 400, height: int = 300) -> Image.Image:
    """A picture without repeating regions."""
    rng = np.random.default_rng(5)
    small = Image.fromarray(rng.integers(0, 256, (height // 20, width // 20, 3), dtype=np.uint8))
    return small.resize((width, height), Image.Resampling.BICUBIC)


SCENE = scene()
EXPECTED = np.asarray(SCENE).astype(int)


def is_whole(pixels: Pixels, tolerance: float = 6) -> bool:
    return pixels.shape == EXPECTED.shape and float(np.abs(pixels - EXPECTED).mean()) < tolerance


def insert(png: bytes, *chunks: bytes) -> bytes:
    return png[:33] + b"".join(chunks) + png[33:]


@cache
def with_exif(name: str) -> tuple[bytes, bytes]:
    """A picture with valid EXIF, and the content of the EXIF."""
    exif = Image.Exif()
    exif[0x010E] = "x" * 400
    out, block = io.BytesIO(), exif.tobytes()
    pillow_heif.register_heif_opener()
    SCENE.save(out, name, quality=95, exif=block)
    content = block.removeprefix(b"Exif\0\0")
    assert out.getvalue().count(content) == 1
    return out.getvalue(), content


def heif(name: str, exif: bytes) -> bytes:
    """Writes EXIF that the encoder would reject, by overwriting valid EXIF of the same length."""
    picture, content = with_exif(name)
    return picture.replace(content, exif.ljust(len(content), b"\xff")[: len(content)])


def app(number: int, body: bytes) -> bytes:
    return bytes([0xFF, 0xE0 + number]) + struct.pack(">H", len(body) + 2) + body


def jpeg_with(segment: bytes) -> bytes:
    data = save(SCENE, quality=95)
    return data[:2] + segment + data[2:]


PNG = save(SCENE, "PNG")
HEX = b"\nexif\n     8\n"
BROKEN = {
    **{f"{form}, EXIF {n}": save(SCENE, form, exif=garbage) for form in ("PNG",) for n, garbage in enumerate(GARBAGE)},
    **{f"WebP, EXIF {n}": save(SCENE, "WEBP", quality=95, exif=garbage) for n, garbage in enumerate(GARBAGE)},
    **{f"JPEG, EXIF {n}": jpeg_with(app(1, b"Exif\0\0" + garbage)) for n, garbage in enumerate(GARBAGE)},
    **{f"{name}, EXIF {n}": heif(name, garbage) for name in ("HEIF", "AVIF") for n, garbage in enumerate(GARBAGE)},
    "PNG, text that unpacks to 64 MB": insert(PNG, chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(64 << 20)))),
    "PNG, 2 MB of text": insert(PNG, chunk(b"tEXt", b"k\0" + b"a" * 2_000_000)),
    "PNG, international text that unpacks to 5 MB": insert(
        PNG, chunk(b"iTXt", b"k\0\1\0\0\0" + zlib.compress(bytes(5_000_000)))
    ),
    "PNG, a profile that unpacks to 5 MB": insert(PNG, chunk(b"iCCP", b"k\0\0" + zlib.compress(bytes(5_000_000)))),
    "PNG, a profile that does not unpack": insert(PNG, chunk(b"iCCP", b"k\0\0nothing")),
    "PNG, a wrong checksum of text": insert(PNG, chunk(b"tEXt", b"k\0v")[:-1] + b"?"),
    "PNG, a wrong checksum of EXIF": insert(PNG, chunk(b"eXIf", b"II*\0\x08\0\0\0\0\0")[:-1] + b"?"),
    "PNG, EXIF in digits that are none": insert(
        PNG, chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(HEX + b"zz"))
    ),
    "PNG, EXIF in an odd number of digits": insert(PNG, chunk(b"tEXt", b"Raw profile type exif\0" + HEX + b"457")),
    "PNG, short chunks": insert(
        PNG, chunk(b"gAMA", b"\0"), chunk(b"cHRM", b"\0"), chunk(b"pHYs", b"\0"), chunk(b"cICP", b"")
    ),
    "JPEG, a short APP14": jpeg_with(app(14, b"Adobe")),
    "JPEG, an APP14 of one byte": jpeg_with(app(14, b"A")),
    "JPEG, a short JFIF": jpeg_with(app(0, b"JFIF\0")),
    "JPEG, a short index of pictures": jpeg_with(app(2, b"MPF\0II*\0\x08\0\0\0")),
    "JPEG, a short Photoshop block": jpeg_with(app(13, b"Photoshop 3.0\x008BIM\x03\xed\0\0\0\0\0\x01")),
    "JPEG, a part of a profile": jpeg_with(app(2, b"ICC_PROFILE\0\1\3half")),
    "JPEG, stray bytes between segments": jpeg_with(app(15, b"?") + b"\0\1\2\xff\xff\xff"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_metadata_does_not_prevent_decoding(name: str) -> None:
    picture = decode(BROKEN[name], LIMITS)
    assert is_whole(picture.pixels)
    assert picture.taken_at is None


def test_control_pillow_alone_fails_on_many_of_them() -> None:
    failed = set()
    for name, data in BROKEN.items():
        try:
            with Image.open(io.BytesIO(data)) as image:
                image.load()
                image.getexif().get_ifd(0x8769)
        except Exception:
            failed.add(name.split(",")[0])
    assert {"PNG", "JPEG", "WebP"} <= failed


@pytest.mark.parametrize("form", ["PNG", "WEBP", "JPEG"])
def test_a_readable_orientation_is_applied_despite_broken_metadata(form: str) -> None:
    exif = Image.Exif()
    exif[274] = 6
    assert decode(save(draw(), form, exif=exif), LIMITS).pixels.shape == (96, 64, 3)


def test_the_orientation_is_read_from_digits_and_from_xmp() -> None:
    exif = Image.Exif()
    exif[274] = 8
    digits = b"\nexif\n    99\n" + b"Exif\0\0".hex().encode() + exif.tobytes().removeprefix(b"Exif\0\0").hex().encode()
    xmp = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        b'<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/></rdf:RDF></x:xmpmeta>'
    )
    for more in (
        chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(digits)),
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp),
    ):
        assert decode(insert(PNG, more), LIMITS).pixels.shape == (400, 300, 3)
    assert decode(jpeg_with(app(1, b"http://ns.adobe.com/xap/1.0/\0" + xmp)), LIMITS).pixels.shape == (400, 300, 3)


JPEGS = {
    "baseline": save(SCENE, quality=90),
    "without subsampling": save(SCENE, quality=90, subsampling=0),
    "progressive": save(SCENE, quality=90, progressive=True),
    "with restarts": save(SCENE, quality=90, restart_marker_rows=1),
    "optimised": save(SCENE, quality=90, optimize=True),
    "grey": save(SCENE.convert("L"), quality=90),
    "ink": save(SCENE.convert("CMYK"), quality=90),
}
TAILS = {
    "its last two bytes missing": lambda data: data[:-2],
    "its last byte missing": lambda data: data[:-1],
    "ten bytes missing": lambda data: data[:-10],
    "2 % missing": lambda data: data[: len(data) * 98 // 100],
    "200 zeros instead of its end": lambda data: data[:-2] + bytes(200),
    "200 zeros behind it": lambda data: data + bytes(200),
    "its last 30 bytes overwritten with zeros": lambda data: data[:-30] + bytes(30),
}


@pytest.mark.parametrize("kind", JPEGS)
@pytest.mark.parametrize("tail", TAILS)
def test_a_jpeg_without_its_end_is_decoded(kind: str, tail: str) -> None:
    whole, cut = decode(JPEGS[kind], LIMITS).pixels, decode(TAILS[tail](JPEGS[kind]), LIMITS).pixels
    assert whole.shape == cut.shape
    assert (whole[:200] == cut[:200]).all() or kind == "progressive"
    assert np.abs(whole.astype(int) - cut).mean() < 8


@pytest.mark.parametrize("kind", JPEGS)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.8])
@pytest.mark.parametrize("tail", [b"", bytes(200)])
def test_a_largely_truncated_jpeg_is_rejected(kind: str, share: float, tail: bytes) -> None:
    data = JPEGS[kind]
    with pytest.raises(Unreadable, match="unreadable"):
        decode(data[: round(len(data) * share)] + tail, LIMITS)


@pytest.mark.parametrize(("left", "is_read"), [(0.92, True), (0.87, False)])
@pytest.mark.parametrize("scale", [1, 2, 4])
def test_a_tenth_of_a_jpeg_may_be_missing_at_any_decoding_scale(left: float, is_read: bool, scale: int) -> None:
    """Measured by area, not by bytes: in a uniform scene both are alike."""
    data = save(scene(1200, 900), quality=90)
    head = data.index(b"\xff\xda")
    parts = jpeg.parse(data[: head + round((len(data) - head) * left)])
    if is_read:
        assert jpeg_scale.load(parts, scale).size == (-(-1200 // scale), -(-900 // scale))
    else:
        with pytest.raises(Unreadable, match="unreadable"):
            jpeg_scale.load(parts, scale)


def test_a_missing_scan_is_detected() -> None:
    data = JPEGS["progressive"]
    last = data.rindex(b"\xff\xda")
    with pytest.raises(Unreadable, match="unreadable"):
        decode(data[:last], LIMITS)


def test_a_grey_picture_is_not_mistaken_for_a_truncated_one() -> None:
    """libjpeg fills missing parts with this grey."""
    data = save(Image.new("RGB", (400, 300), (128, 128, 128)))
    assert (decode(data[:-2], LIMITS).pixels == 128).all()


@pytest.mark.parametrize("interlaced", [False, True])
def test_a_slightly_truncated_png_is_decoded(interlaced: bool) -> None:
    data = interlaced_png() if interlaced else PNG
    end = data.rindex(b"IEND") - 4
    for cut in (end, end - 4, end - 40):
        assert np.abs(decode(data[:cut], LIMITS).pixels - EXPECTED).mean() < 3
    with pytest.raises(Unreadable, match="unreadable"):
        decode(data[: len(data) * 6 // 10], LIMITS)


def interlaced_png() -> bytes:
    """A PNG in the seven passes of the specification, unfiltered."""
    rows = []
    for x, y, dx, dy in (
        (0, 0, 8, 8),
        (4, 0, 8, 8),
        (0, 4, 4, 8),
        (2, 0, 4, 4),
        (0, 2, 2, 4),
        (1, 0, 2, 2),
        (0, 1, 1, 2),
    ):
        rows += [b"\0" + row.tobytes() for row in np.asarray(SCENE)[y::dy, x::dx]]
    header = struct.pack(">IIBBBBB", 400, 300, 8, 2, 0, 0, 1)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"".join(rows))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def test_control_with_a_limit_of_zero_truncated_pictures_are_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jpeg_scale, "_MAX_MISSING_SHARE", -1)
    with pytest.raises(Unreadable):
        decode(JPEGS["baseline"][:-2], LIMITS)


def test_control_a_reader_that_raises_on_damaged_exif_loses_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    def strict(block: bytes, *_: bytes) -> Metadata:
        exif = Image.Exif()
        exif.load(block)
        return Metadata(orientation=exif.get(274, 1))

    monkeypatch.setattr("kit.faces.images.decode.read_metadata", strict)
    with pytest.raises(Unreadable):
        decode(BROKEN["WebP, EXIF 0"], LIMITS)


def test_tables_after_an_empty_scan_do_not_hide_a_truncated_picture() -> None:
    whole = JPEGS["baseline"]
    scan = whole.index(b"\xff\xda")
    tables = whole[whole.index(b"\xff\xc4") : scan]
    length = int.from_bytes(whole[scan + 2 : scan + 4], "big")
    with pytest.raises(Unreadable):
        decode(whole[: scan + 2 + length + 6] + tables + b"\xff\xd9", LIMITS)
