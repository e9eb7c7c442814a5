"""HEIC and AVIF: read where the extra `heic` is installed, of no known type where it is not."""

import io

import numpy as np
import pillow_heif
import pytest
from PIL import ExifTags, Image

from kit.faces import formats
from kit.faces.decode import decode
from kit.faces.types import ImageLimits, Unreadable

LIMITS = ImageLimits(max_pixels=1_000_000)


def save(name: str, size: tuple[int, int] = (96, 64), **options: object) -> bytes:
    """A picture whose left half is red, the right one blue."""
    pixels = np.zeros((size[1], size[0], 3), np.uint8)
    pixels[:, : size[0] // 2, 0] = pixels[:, size[0] // 2 :, 2] = 250
    out = io.BytesIO()
    pillow_heif.register_heif_opener()
    Image.fromarray(pixels).save(out, name, quality=90, **options)
    return out.getvalue()


@pytest.mark.parametrize(("name", "kind"), [("HEIF", "image/heic"), ("AVIF", "image/avif")])
def test_with_the_extra_they_are_read(name: str, kind: str) -> None:
    data = save(name)
    assert formats.sniff(data[:12]) == kind
    pixels = decode(data, LIMITS).pixels
    assert pixels.shape == (64, 96, 3)
    assert pixels[32, 10, 0] > 200 > 60 > pixels[32, 10, 2]
    assert pixels[32, 86, 2] > 200 > 60 > pixels[32, 86, 0]


@pytest.mark.parametrize("name", ["HEIF", "AVIF"])
def test_without_the_extra_they_are_of_no_known_type(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "HAS_HEIC", False)
    assert formats.sniff(save(name)[:12]) is None
    with pytest.raises(Unreadable, match="unsupported_type"):
        decode(save(name), LIMITS)


@pytest.mark.parametrize("name", ["HEIF", "AVIF"])
def test_a_phone_held_upright_gives_an_upright_picture(name: str) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    pixels = decode(save(name, exif=exif.tobytes()), LIMITS).pixels
    assert pixels.shape == (96, 64, 3)
    assert pixels[10, 32, 0] > 200
    assert pixels[86, 32, 2] > 200


@pytest.mark.parametrize(("name", "brand"), [("HEIF", b"heic"), ("AVIF", b"avif")])
def test_damaged_ones_are_unreadable(name: str, brand: bytes) -> None:
    whole = save(name)
    cuts = [whole[: len(whole) * share // 10] for share in (2, 6, 9)]
    for data in (*cuts, b"\0\0\0\x18ftyp" + brand + bytes(64)):
        with pytest.raises(Unreadable, match="unreadable"):
            decode(data, LIMITS)


@pytest.mark.parametrize("name", ["HEIF", "AVIF"])
def test_one_with_too_many_pixels_is_refused(name: str) -> None:
    with pytest.raises(Unreadable, match="invalid_dimensions"):
        decode(save(name, (2000, 1000)), LIMITS)
