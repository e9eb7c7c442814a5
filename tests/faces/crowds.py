"""Pictures of the same head at several positions."""

import cv2
import numpy as np
from skimage import data as samples

from kit.faces.images.decode import Pixels
from kit.faces.types import Detection

ASTRONAUT: Pixels = samples.astronaut()  # type: ignore[no-untyped-call]
# Head and shoulders, and the face box as dlib reports it.
HEAD: Pixels = ASTRONAUT[20:240, 120:340]
FACE_PX = 90
CENTRE_PX = 105
WALL = (120, 130, 140)
PLACES = [(201, 187), (418, 303), (733, 401)]


def crowd(face_px: int, places: list[tuple[int, int]], width: int = 960, height: int = 640) -> Pixels:
    """A wall with a face of that size centred at each position. Heads that are too large are cut off at the edges."""
    scale = face_px / FACE_PX
    smooth = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    head = cv2.resize(HEAD, None, fx=scale, fy=scale, interpolation=smooth)
    picture = np.full((height, width, 3), WALL, np.uint8)
    for x, y in places:
        left, top = x - round(CENTRE_PX * scale), y - round(CENTRE_PX * scale)
        shown = head[max(-top, 0) : height - top, max(-left, 0) : width - left]
        above, before = max(top, 0), max(left, 0)
        picture[above : above + shown.shape[0], before : before + shown.shape[1]] = shown
    return picture


def is_near(found: Detection, x: int, y: int, reach: int) -> bool:
    box = found.box
    return abs(box.left + box.width / 2 - x) < reach and abs(box.top + box.height / 2 - y) < reach
