"""Faces by dlib's HOG detector at a quarter of its price: our filters propose, dlib looks only there and decides."""

from collections.abc import Sequence

import cv2
import dlib
import numpy as np

from kit.faces.face_filters import FaceFilters, Proposal
from kit.faces.look import Look, Pixels
from kit.faces.types import Box, Detection

# dlib's smallest face is 73 pixels; at 88 a proposal stands in the second level of its pyramid, and may be off by one.
_LOOKED_PX = 88
# More than asked, since a face at the limit of size is not seen wherever it stands.
_FINEST = 1.1
# How far beyond the proposal dlib looks, in sides of the face.
_MARGIN = 0.5
# When two boxes are one face, as the detector was trained (dlib/image_processing/box_overlap_testing.h).
_SAME_UNION_SHARE = 0.33
_SAME_COVERED_SHARE = 0.789


class HogDetector:
    """Finds what dlib's detector finds, with scores that vary as they do when the picture is moved by some pixels.

    With `thorough`, dlib looks at the whole picture: a blurred face is proposed late, if at all.
    """

    def __init__(self, thorough: bool = False) -> None:
        self._dlib = dlib.get_frontal_face_detector()
        self._filters = None if thorough else FaceFilters(self._dlib)

    def find(self, pixels: Pixels, scale: float = 1.0, border: float = 0.0) -> list[Detection]:
        """Faces of 75 pixels or more once the picture is enlarged by `scale`; boxes are in the picture's own pixels.

        `border` continues the picture's edge by that share of its sides.
        """
        whole = Look.at_all(pixels, scale, border)
        looks = [whole] if self._filters is None else self._choose(self._filters, pixels, whole)
        return _drop_same([detection for look in looks for detection in self._decide(pixels, look)])

    @staticmethod
    def _choose(filters: FaceFilters, pixels: Pixels, whole: Look) -> list[Look]:
        """Where dlib shall look; everywhere, if that costs less than many small looks."""
        grey = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)
        # The filters' cells are half of dlib's.
        coarse = whole._replace(scale=whole.scale / 2)
        looks = [_look_at(proposal, coarse, whole) for proposal in filters.propose(coarse.cut(grey))]
        return looks if sum(look.searched_px for look in looks) < whole.searched_px else [whole]

    def _decide(self, pixels: Pixels, look: Look) -> list[Detection]:
        rectangles, scores, _ = self._dlib.run(look.cut(pixels), 0, 0.0)
        return [
            Detection(look.place(r.left(), r.top(), r.width(), r.height()), float(score))
            for r, score in zip(rectangles, scores, strict=True)
        ]


def _look_at(proposal: Proposal, coarse: Look, whole: Look) -> Look:
    """Where to look for a face that was proposed in the pixels of the coarse look."""
    x, y = coarse.left + proposal.x / coarse.scale, coarse.top + proposal.y / coarse.scale
    side = proposal.side / coarse.scale
    reach = (0.5 + _MARGIN) * side
    return Look(
        max(round(x - reach), whole.left),
        max(round(y - reach), whole.top),
        min(round(x + reach), whole.right),
        min(round(y + reach), whole.bottom),
        min(_LOOKED_PX / side, _FINEST * whole.scale),
    )


def _drop_same(detections: Sequence[Detection]) -> list[Detection]:
    kept: list[Detection] = []
    for detection in sorted(detections, key=lambda found: found.score, reverse=True):
        if not any(_is_same(detection.box, known.box) for known in kept):
            kept.append(detection)
    return kept


def _is_same(one: Box, other: Box) -> bool:
    width = min(one.left + one.width, other.left + other.width) - max(one.left, other.left)
    height = min(one.top + one.height, other.top + other.height) - max(one.top, other.top)
    both = max(width, 0) * max(height, 0)
    covers = both > _SAME_COVERED_SHARE * min(one.area, other.area)
    return covers or both > _SAME_UNION_SHARE * (one.area + other.area - both)
