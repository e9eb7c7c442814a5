"""Faces by dlib's HOG detector, in a whole picture or around a face that another detector proposes."""

import dlib

from kit.faces.detect.overlap import drop_same, is_same
from kit.faces.detect.region import Pixels, Region
from kit.faces.types import Box, Detection

# dlib's smallest face is 73 pixels; at 88 a proposal stands in the second level of its pyramid, and may be off by one.
_LOOKED_PX = 88
# The margin around a proposal in which dlib searches, in sides of the face.
_MARGIN = 0.5


class HogDetector:
    """dlib's frontal face detector."""

    def __init__(self) -> None:
        self._dlib = dlib.get_frontal_face_detector()

    def find(self, pixels: Pixels, scale: float = 1.0, border: float = 0.0) -> list[Detection]:
        """Faces of 75 pixels or more once the picture is enlarged by `scale`; boxes are in the picture's own pixels.

        `border` continues the picture's edge by that share of its sides.
        """
        return drop_same(self._decide(pixels, Region.whole(pixels, scale, border)))

    def confirm(self, pixels: Pixels, box: Box) -> Detection | None:
        """The face in this box as dlib detects it, at any size; None if dlib detects none there."""
        seen = [found for found in self._decide(pixels, _region_around(box)) if is_same(found.box, box)]
        return max(seen, key=lambda found: found.score, default=None)

    def _decide(self, pixels: Pixels, region: Region) -> list[Detection]:
        rectangles, scores, _ = self._dlib.run(region.cut(pixels), 0, 0.0)
        return [
            Detection(region.place(r.left(), r.top(), r.width(), r.height()), float(score))
            for r, score in zip(rectangles, scores, strict=True)
        ]


def _region_around(box: Box) -> Region:
    side = max(box.width, box.height)
    x, y = box.left + box.width / 2, box.top + box.height / 2
    reach = (0.5 + _MARGIN) * side
    return Region(round(x - reach), round(y - reach), round(x + reach), round(y + reach), _LOOKED_PX / side)
