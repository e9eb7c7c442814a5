"""Drawn photos without people: out-of-focus lights."""

import random
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter

from tests.pages.phone import to_jpeg

SIZES = [(1200, 800), (800, 1200), (1200, 800), (1000, 1000), (1400, 800), (800, 1000)]
GROUNDS = [(38, 24, 48), (20, 30, 52), (52, 28, 30), (26, 40, 38)]
LIGHTS = [(255, 179, 138), (255, 214, 120), (236, 120, 140), (150, 190, 255), (190, 240, 200)]
COUNTED_SIDE = 320
SMALL_SIDE = 96  # small, so that drawing takes a tenth of the time


def draw_photo(number: int, width: int, height: int) -> bytes:
    """Draws a photo; the same number gives the same photo."""
    rng = random.Random(number)
    picture = Image.new("RGB", (width, height), rng.choice(GROUNDS))
    for _ in range(40):
        layer = ImageDraw.Draw(picture, "RGBA")
        x, y, radius = rng.randrange(width), rng.randrange(height), rng.randrange(12, width // 7)
        layer.ellipse((x - radius, y - radius, x + radius, y + radius), (*rng.choice(LIGHTS), rng.randrange(40, 150)))
    return to_jpeg(picture.filter(ImageFilter.GaussianBlur(3)))


def write_folder(folder: Path, count: int, side: int = COUNTED_SIDE) -> Path:
    """Writes small photos with distinct bytes."""
    folder.mkdir()
    for number in range(count):
        (folder / f"IMG_{number:04}.jpg").write_bytes(draw_photo(number, side, side))
    return folder
