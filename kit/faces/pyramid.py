"""A picture and its smaller copies side by side in one, as dlib's CNN detector sees them.

The tiling is that of dlib/image_transforms/image_pyramid.h for `pyramid_down<6>`, with the distances of
`input_rgb_image_pyramid` (dlib/dnn/input.h).
"""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Planes = npt.NDArray[np.float32]

_RATE = (6 - 1.0) / 6
_MIN_ROWS = 5
_GAP_PX = 10
_MARGIN_PX = 11


class Tile(NamedTuple):
    """Where a level lies in the picture of all of them."""

    left: int
    top: int
    width: int
    height: int

    def distance(self, x: float, y: float) -> float:
        """From the rectangle to a point, squared."""
        across = max(self.left - x, x - (self.left + self.width - 1), 0)
        down = max(self.top - y, y - (self.top + self.height - 1), 0)
        return across**2 + down**2


class Pyramid:
    """The tiles of a picture of this size: each level has five sixths of the sides of the one before."""

    def __init__(self, height: int, width: int) -> None:
        sizes = [(width, height)]
        while (smaller := _shrink(*sizes[-1]))[1] >= _MIN_ROWS and smaller[0] > 0:
            sizes.append(smaller)
        column_px = _column_height(sizes)
        self.width, self.height = width + 2 * _MARGIN_PX, column_px + 2 * _MARGIN_PX
        self.tiles = _tile(sizes, column_px)

    def paint(self, picture: Planes) -> Planes:
        """All levels of a picture (3, height, width) as (3, self.height, self.width), zero between them."""
        canvas = np.zeros((3, self.height, self.width), np.float32)
        level = picture
        for number, tile in enumerate(self.tiles):
            if number > 0:
                level = _resize(level, tile.height, tile.width)
            canvas[:, tile.top : tile.top + tile.height, tile.left : tile.left + tile.width] = level
        return canvas

    def nearest(self, x: float, y: float) -> tuple[Tile, int]:
        """The tile that a place of the canvas belongs to, and its level."""
        level = min(range(len(self.tiles)), key=lambda number: self.tiles[number].distance(x, y))
        return self.tiles[level], level

    @staticmethod
    def unscale(place: float, level: int) -> float:
        """A coordinate within a level as one of the picture."""
        for _ in range(level):
            place = place / _RATE + 0.3
        return place


def _shrink(width: int, height: int) -> tuple[int, int]:
    return math.floor(_RATE * width), math.floor(_RATE * height)


def _column_height(sizes: list[tuple[int, int]]) -> int:
    """How high the first column is: until the levels that are left fit beside those that are placed."""
    (first_width, first_height), *_ = sizes
    total = sum(height + _GAP_PX for _, height in sizes) - 2 * _GAP_PX
    column, last_width = 0, 0
    for number, (width, height) in enumerate(sizes):
        fits_beside = width <= first_width - last_width - _GAP_PX
        if number > 0 and fits_beside and 2 * (column - first_height) >= total - first_height:
            break
        column += height + _GAP_PX
        last_width = width
    return column - _GAP_PX


def _tile(sizes: list[tuple[int, int]], column_px: int) -> list[Tile]:
    """Down the left side, then up the right side as far as there is room below the picture itself."""
    tiles: list[Tile] = []
    y = _MARGIN_PX
    while y < column_px + _MARGIN_PX and len(tiles) < len(sizes):
        width, height = sizes[len(tiles)]
        tiles.append(Tile(_MARGIN_PX, y, width, height))
        y += height + _GAP_PX
    y -= _GAP_PX
    right, lowest = _MARGIN_PX + sizes[0][0], _MARGIN_PX + sizes[0][1]
    for width, height in sizes[len(tiles) :]:
        if y - height < lowest:
            break
        tiles.append(Tile(right - width, y - height, width, height))
        y -= height + _GAP_PX
    return tiles


def _resize(planes: Planes, rows: int, columns: int) -> Planes:
    """Between the four nearest pixels, corner on corner, as dlib does; OpenCV's would lie half a pixel beside it."""
    above, below, part = _neighbours(planes.shape[1], rows)
    level = planes[:, above]
    level += part[:, None] * (planes[:, below] - level)
    before, after, part = _neighbours(planes.shape[2], columns)
    result = level.take(before, axis=2)
    result += part * (level.take(after, axis=2) - result)
    return result


def _neighbours(old: int, new: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], npt.NDArray[np.float32]]:
    places = np.arange(new) * ((old - 1) / max(new - 1, 1))
    first = np.minimum(places.astype(np.intp), old - 1)
    return first, np.minimum(first + 1, old - 1), (places - first).astype(np.float32)
