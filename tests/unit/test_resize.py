"""Downscaling: as sharp as Lanczos, without moire, for any shape."""

import cv2
import numpy as np
import pytest
from PIL import Image

from kit.faces.images.decode import average_colour
from kit.faces.images.resize import Pixels, halve, shrink

RNG = np.random.default_rng(1)
NOISE = RNG.integers(0, 256, (600, 800, 3), np.uint8)


def rings(side: int = 900) -> Pixels:
    """Rings of decreasing width down to one pixel: detail too fine for the result shows as moire."""
    along = np.arange(side) - side / 2
    distance = along[:, None] ** 2 + along[None, :] ** 2
    return np.repeat((127.5 + 127.5 * np.cos(np.pi * distance / side))[..., None], 3, axis=2).astype(np.uint8)


def by_pillow(pixels: Pixels, edge: int) -> Pixels:
    height, width = pixels.shape[:2]
    scale = edge / max(height, width)
    size = round(width * scale), round(height * scale)
    return np.array(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS))


def psnr(one: Pixels, other: Pixels) -> float:
    """In dB; a JPEG of quality 85 is at about 39."""
    return float(10 * np.log10(255**2 / np.mean((one.astype(float) - other) ** 2)))


@pytest.mark.parametrize("scale", [0.4, 0.5, 0.6, 0.77])
@pytest.mark.parametrize("pixels", [rings(), NOISE], ids=["rings", "noise"])
def test_the_result_is_close_to_lanczos(pixels: Pixels, scale: float) -> None:
    """Full-contrast patterns at the resolution limit are the worst case; photos are 10 to 20 dB closer."""
    edge = round(max(pixels.shape) * scale)
    expected = by_pillow(pixels, edge)
    near = psnr(shrink(pixels, edge), expected)
    assert near > 29
    height, width = expected.shape[:2]
    cubic = np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)
    assert psnr(cubic, expected) < near - 8, "the control: interpolation alone"


def test_halving_first_stays_close_to_lanczos() -> None:
    smooth = np.asarray(cv2.GaussianBlur(NOISE, (0, 0), 3), np.uint8)
    assert psnr(shrink(smooth, 200), by_pillow(smooth, 200)) > 40


@pytest.mark.parametrize(
    ("shape", "edge", "expected"),
    [
        ((400, 600), 300, (200, 300)),
        ((601, 401), 300, (300, 200)),
        ((1, 20_000), 480, (1, 480)),
        ((20_000, 3), 480, (480, 1)),
        ((40, 60), 60, (40, 60)),
        ((40, 60), 61, (40, 60)),
        ((2, 2), 1, (1, 1)),
    ],
)
def test_any_shape_keeps_its_average_colour(shape: tuple[int, int], edge: int, expected: tuple[int, int]) -> None:
    pixels = np.empty((*shape, 3), np.uint8)
    pixels[:] = 200, 30, 90
    shrunk = shrink(pixels, edge)
    assert shrunk.shape == (*expected, 3)
    assert np.array_equal(np.unique(shrunk.reshape(-1, 3), axis=0), [[200, 30, 90]])


def test_crops_and_rotated_views_are_downscaled_like_copies() -> None:
    for view in (NOISE[10:500, 20:700], np.rot90(NOISE), NOISE[:, ::-1]):
        assert np.array_equal(shrink(view, 300), shrink(np.ascontiguousarray(view), 300))


def test_halving_averages_pixels() -> None:
    assert halve(np.array([[[0], [4], [9]], [[8], [4], [9]]], np.uint8).repeat(3, axis=2)).tolist() == [[[4, 4, 4]]]


def test_the_average_colour_is_that_of_all_pixels() -> None:
    red, green, blue = (round(float(channel)) for channel in NOISE.mean(axis=(0, 1)))
    assert average_colour(NOISE) == red << 16 | green << 8 | blue
