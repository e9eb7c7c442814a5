"""Decoding scales, and the limit on pixels."""

import io

import numpy as np
import pytest
from PIL import Image

from kit.faces.images import jpeg
from kit.faces.images.decode import decode
from kit.faces.images.jpeg_scale import choose_scale
from kit.faces.types import ImageLimits, Unreadable
from tests.unit.test_decode import draw, is_near, save

RED, WHITE = (200, 30, 40), (255, 255, 255)
PHOTO = ImageLimits.within(100, 220, 3072)
SELFIE = ImageLimits.within(15, 50, 2048)


def parts(width: int, height: int, progressive: bool = False) -> jpeg.Jpeg:
    three = {1: jpeg.Component(2, 2), 2: jpeg.Component(1, 1), 3: jpeg.Component(1, 1)}
    return jpeg.Jpeg(width, height, is_progressive=progressive, components=three)


CAMERAS = {
    (4000, 3000): 2,
    (6000, 4000): 2,
    (9504, 6336): 4,
    (9520, 6336): 4,
    (9248, 6936): 4,
    (11648, 8736): 4,
    (12000, 9000): 4,
    (16320, 12240): 8,
    (16382, 3850): 8,
    (30000, 2000): 8,
    (65000, 1000): 8,
    (3000, 2000): 1,
    (800, 600): 1,
}


@pytest.mark.parametrize("size", CAMERAS)
@pytest.mark.parametrize("limits", [PHOTO, SELFIE])
@pytest.mark.parametrize("progressive", [False, True])
def test_every_camera_photo_is_decoded_at_the_smallest_sufficient_scale(
    size: tuple[int, int], limits: ImageLimits, progressive: bool
) -> None:
    assert choose_scale(parts(*size, progressive), limits, 1875) == CAMERAS[size]


def test_the_scale_depends_on_memory_if_all_pixels_are_requested() -> None:
    assert choose_scale(parts(12000, 9000), PHOTO, None) == 1
    assert choose_scale(parts(12000, 9000), SELFIE, None) == 2
    assert choose_scale(parts(60_000, 20_000), PHOTO, None) == 4


@pytest.mark.parametrize(
    ("size", "progressive", "limits"),
    [
        ((65_535, 65_535), False, SELFIE),
        ((40_000, 30_000), True, PHOTO),
        ((12_000, 9000), False, ImageLimits(max_pixels=1000)),
    ],
)
def test_a_jpeg_too_large_even_at_an_eighth_of_the_scale_has_too_many_pixels(
    size: tuple[int, int], progressive: bool, limits: ImageLimits
) -> None:
    with pytest.raises(Unreadable, match="too_many_pixels"):
        choose_scale(parts(*size, progressive), limits, 1875)


@pytest.mark.parametrize("kind", [{}, {"progressive": True}, {"subsampling": 0}])
@pytest.mark.parametrize("orientation", [1, 6])
def test_a_jpeg_is_decoded_at_reduced_scale_and_reported_in_full_size(
    kind: dict[str, object], orientation: int
) -> None:
    exif = Image.Exif()
    exif[274] = orientation
    stored = draw(2001, 1500)
    data = save(stored if orientation == 1 else stored.transpose(Image.Transpose.ROTATE_90), exif=exif, **kind)
    picture = decode(data, PHOTO, 900)
    assert (picture.width, picture.height) == (2001, 1500)
    assert picture.pixels.shape == (750, 1001, 3)
    assert picture.zoom == pytest.approx(2, abs=0.01)
    assert is_near(picture.pixels[10, 20], WHITE)
    assert is_near(picture.pixels[740, 990], RED)
    assert decode(data, PHOTO).pixels.shape == (1500, 2001, 3)


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_other_formats_are_downscaled_after_decoding(form: str) -> None:
    picture = decode(save(draw(1600, 1200), form), PHOTO, 400, 90)
    assert (picture.width, picture.height, picture.pixels.shape) == (1600, 1200, (600, 800, 3))
    assert Image.open(io.BytesIO(picture.original_jpeg)).size == (1600, 1200)
    assert not picture.is_refinable


def flat(form: str, width: int, height: int) -> bytes:
    return save(
        Image.new("1" if form == "PNG" else "RGB", (width, height)),
        form,
        **({} if form == "PNG" else {"lossless": True}),
    )


@pytest.mark.parametrize(("form", "size"), [("PNG", (8000, 6500)), ("WEBP", (8000, 6500))])
def test_a_selfie_of_52_megapixels_in_two_kilobytes_is_rejected_before_decoding(
    form: str, size: tuple[int, int]
) -> None:
    data = flat(form, *size)
    assert len(data) < 20_000
    with pytest.raises(Unreadable, match="too_many_pixels"):
        decode(data, SELFIE)


def test_a_side_that_is_too_short_or_too_long_has_its_own_reason() -> None:
    for size in ((39, 500), (70_000, 40)):
        with pytest.raises(Unreadable, match="invalid_dimensions"):
            decode(save(Image.new("1", size), "PNG"), PHOTO)


def test_a_small_file_with_a_large_header_does_not_allocate_full_memory() -> None:
    """A 500-byte JPEG claims 65,535 rows: the missing part is not decoded twice in full."""
    data = bytearray(save(Image.new("RGB", (96, 64))))
    frame = data.index(b"\xff\xc0")
    data[frame + 5 : frame + 7] = (65_535).to_bytes(2, "big")
    with pytest.raises(Unreadable, match="unreadable"):
        decode(bytes(data), PHOTO, 1875)


def test_a_reduced_decoding_shows_what_the_full_one_shows() -> None:
    rng = np.random.default_rng(1)
    small = Image.fromarray(rng.integers(0, 256, (30, 40, 3), dtype=np.uint8))
    data = save(small.resize((2000, 1500), Image.Resampling.BICUBIC), quality=95)
    whole, part = decode(data, PHOTO).pixels, decode(data, PHOTO, 1000).pixels
    reduced = np.asarray(Image.fromarray(whole).reduce(2)).astype(int)
    assert np.abs(reduced - part).mean() < 1.5
