"""The stored form of a logo."""

import io

import pytest
from PIL import Image

from kit.faces.logo import read_logo


def image(size: tuple[int, int], kind: str = "PNG", mode: str = "RGB", **options: object) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, (200, 30, 30) + ((0,) if mode == "RGBA" else ())).save(out, kind, **options)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize(
    ("size", "kept"),
    [((960, 160), (480, 80)), ((400, 400), (160, 160)), ((100, 30), (100, 30)), ((4000, 10), (480, 1))],
)
def test_a_logo_is_scaled_to_fit_and_keeps_its_aspect_ratio(
    kind: str, size: tuple[int, int], kept: tuple[int, int]
) -> None:
    logo = read_logo(image(size, kind))
    assert (logo.reason, (logo.width, logo.height)) == (None, kept)
    with Image.open(io.BytesIO(logo.png)) as shown:
        assert (shown.format, shown.mode, shown.size) == ("PNG", "RGB", kept)


def test_only_pixels_are_kept() -> None:
    exif = Image.Exif()
    exif[0x010F] = "A camera"
    logo = read_logo(image((64, 64), "JPEG", exif=exif, comment=b"a secret"))
    assert b"camera" not in logo.png
    assert b"secret" not in logo.png
    with Image.open(io.BytesIO(logo.png)) as shown:
        assert shown.info == {}


def test_transparency_becomes_white() -> None:
    with Image.open(io.BytesIO(read_logo(image((64, 64), mode="RGBA")).png)) as shown:
        assert shown.getpixel((5, 5)) == (255, 255, 255)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (image((64, 64))[:60], "unreadable"),
        (b"\x89PNG\r\n\x1a\n", "unreadable"),
        (image((64, 4)), "invalid_dimensions"),
        (image((6000, 5000)), "too_many_pixels"),
        (b"<svg/>", "unsupported_type"),
    ],
)
def test_an_invalid_logo_has_a_reason(data: bytes, reason: str) -> None:
    assert read_logo(data).reason == reason
