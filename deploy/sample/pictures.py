"""Makes sample pictures from portraits: one alone, or several side by side on a backdrop."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from deploy.sample.portraits import Portrait

Size = tuple[int, int]

UPRIGHT: Size = (1000, 1100)
WIDE: Size = (1280, 880)
# HOG finds faces from 80 pixels on.
MIN_FACE_PX, MAX_FACE_PX = 105, 230
# Head and shoulders, measured from the face's centre in sides of the face.
CUTOUT_BESIDE, CUTOUT_ABOVE, CUTOUT_BELOW = 0.95, 1.05, 1.45
GRAIN = 3.0


@dataclass(frozen=True)
class Variation:
    """Variations that make two pictures of one portrait differ."""

    mirrored: bool = False
    brightness: float = 1.0


@dataclass(frozen=True)
class Placement:
    """One person in a group: side and centre of the face in pixels of the picture."""

    portrait: Portrait
    face_px: int
    centre: tuple[int, int]
    variation: Variation = Variation()


def frame(portrait: Portrait, zoom: float, variation: Variation, size: Size = UPRIGHT) -> Image.Image:
    """Crop the portrait around its face, `zoom` face sides wide or as wide as the portrait allows."""
    left, top, side = portrait.face
    scene = portrait.image
    width = min(zoom * side, scene.width, scene.height * size[0] / size[1])
    height = width * size[1] / size[0]
    x = min(max(left + side / 2 - width / 2, 0), scene.width - width)
    y = min(max(top + side / 2 - height * 0.45, 0), scene.height - height)
    return _styled(scene.resize(size, Image.Resampling.LANCZOS, box=(x, y, x + width, y + height)), variation)


def compose(backdrop: Image.Image, placements: Iterable[Placement]) -> Image.Image:
    """Paste the people on a copy of the backdrop, with soft edges so that no frame is visible."""
    picture = backdrop.copy()
    for placement in placements:
        cutout, (left, above) = _cutout(placement)
        corner = (placement.centre[0] - left, placement.centre[1] - above)
        picture.paste(cutout, corner, _soft_mask(cutout.size, placement.face_px))
    return picture


def line_up(cast: Sequence[Portrait], rng: random.Random, size: Size = WIDE) -> list[Placement]:
    """Give each person a column of the picture and a random distance, height and brightness."""
    column = size[0] / max(len(cast), 1)
    largest = min(MAX_FACE_PX, int(column / (2 * CUTOUT_BESIDE)))
    placements = []
    for place, portrait in enumerate(cast):
        face_px = rng.randint(MIN_FACE_PX, largest)
        room = column / 2 - CUTOUT_BESIDE * face_px
        x = (place + 0.5) * column + rng.uniform(-room, room)
        y = rng.uniform(CUTOUT_ABOVE * face_px, size[1] - CUTOUT_BELOW * face_px)
        variation = Variation(mirrored=rng.random() < 0.5, brightness=rng.uniform(0.8, 1.2))
        placements.append(Placement(portrait, face_px, (round(x), round(y)), variation))
    return placements


def backdrop(rng: random.Random, size: Size = WIDE) -> Image.Image:
    """Paint a gradient between four shades of a random colour, with camera noise."""
    colour = [rng.randint(90, 180) for _ in "rgb"]
    shades = [[channel + rng.randint(-45, 45) for channel in colour] for _ in range(4)]
    plain = Image.fromarray(np.array(shades, dtype=np.uint8).reshape(2, 2, 3))
    smooth = np.asarray(plain.resize(size, Image.Resampling.BICUBIC), dtype=np.float32)
    noise = np.random.default_rng(rng.getrandbits(32))
    grain = GRAIN * noise.standard_normal((size[1], size[0], 1), dtype=np.float32)
    return Image.fromarray(np.clip(smooth + grain, 0, 255).astype(np.uint8))


def to_jpeg(picture: Image.Image) -> bytes:
    """Encode a JPEG as a phone would."""
    buffer = BytesIO()
    picture.save(buffer, "JPEG", quality=88)
    return buffer.getvalue()


def _cutout(placement: Placement) -> tuple[Image.Image, tuple[int, int]]:
    """Return head and shoulders at the requested scale, and the centre of the face in them."""
    portrait, variation = placement.portrait, placement.variation
    left, top, side = portrait.face
    x, y = left + side / 2, top + side / 2
    scene = portrait.image
    box = (
        max(x - CUTOUT_BESIDE * side, 0.0),
        max(y - CUTOUT_ABOVE * side, 0.0),
        min(x + CUTOUT_BESIDE * side, float(scene.width)),
        min(y + CUTOUT_BELOW * side, float(scene.height)),
    )
    scale = placement.face_px / side
    size = (round((box[2] - box[0]) * scale), round((box[3] - box[1]) * scale))
    cutout = _styled(scene.resize(size, Image.Resampling.LANCZOS, box=box), variation)
    offset_px = box[2] - x if variation.mirrored else x - box[0]
    return cutout, (round(offset_px * scale), round((y - box[1]) * scale))


def _soft_mask(size: Size, face_px: int) -> Image.Image:
    soft = max(face_px // 16, 2)
    mask = Image.new("L", size)
    inside = (2 * soft, 2 * soft, size[0] - 2 * soft, size[1] - 2 * soft)
    ImageDraw.Draw(mask).rounded_rectangle(inside, radius=face_px // 2, fill=255)
    return mask.filter(ImageFilter.GaussianBlur(soft))


def _styled(picture: Image.Image, variation: Variation) -> Image.Image:
    turned = ImageOps.mirror(picture) if variation.mirrored else picture
    return ImageEnhance.Brightness(turned).enhance(variation.brightness)
