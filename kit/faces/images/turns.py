"""Quarter turns of a picture, and coordinates of the turned picture mapped back to the original."""

from dataclasses import replace

import numpy as np

from kit.faces.images.decode import Pixels
from kit.faces.types import Box, Face

# Photos on their side come first: they are more frequent than photos upside down.
QUARTER_TURNS = (1, 3, 2)


def turn(pixels: Pixels, quarters: int) -> Pixels:
    """The picture turned counter-clockwise by `quarters` right angles."""
    return np.ascontiguousarray(np.rot90(pixels, quarters)) if quarters else pixels


def turn_back(face: Face, quarters: int, width: int, height: int) -> Face:
    """Converts a face of the turned picture to coordinates of the original, which is `width` x `height` pixels."""
    x, y = face.landmarks[:, 0], face.landmarks[:, 1]
    box = face.box
    match quarters % 4:
        case 1:
            points = np.stack([width - 1 - y, x], axis=-1)
            place = Box(width - box.top - box.height, box.left, box.height, box.width)
        case 2:
            points = np.stack([width - 1 - x, height - 1 - y], axis=-1)
            place = Box(width - box.left - box.width, height - box.top - box.height, box.width, box.height)
        case 3:
            points = np.stack([y, height - 1 - x], axis=-1)
            place = Box(box.top, height - box.left - box.width, box.height, box.width)
        case _:
            return face
    return replace(face, box=place, landmarks=points.astype(np.float32))
