"""Detects the faces in photos: CenterFace proposes them, HOG confirms those that it detects, too."""

from pathlib import Path

from kit.faces.detect.centerface import CenterFace
from kit.faces.detect.hog import HogDetector
from kit.faces.detect.overlap import drop_same
from kit.faces.detect.region import Pixels
from kit.faces.types import Detection


class PhotoDetector:
    """A face that both detect has HOG's box and score and is `sure`; any other has CenterFace's and is not."""

    def __init__(self, hog: HogDetector, cache: Path | None = None) -> None:
        self._hog = hog
        self._centerface = CenterFace(cache)

    def find(self, pixels: Pixels) -> list[Detection]:
        """The faces in a picture (height, width, 3), RGB; HOG looks at each in the picture's own pixels."""
        proposals = self._centerface.find(pixels)
        return drop_same([self._hog.confirm(pixels, found.box) or found for found in proposals])
