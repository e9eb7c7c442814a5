"""The input of a detector: a part of a picture, enlarged or reduced."""

from typing import NamedTuple, Self

import cv2
import numpy as np
import numpy.typing as npt

from kit.faces.types import Box

Pixels = npt.NDArray[np.uint8]


class Look(NamedTuple):
    """A part of the picture, in its pixels, and its magnification. Outside of the picture, its edge is repeated."""

    left: int
    top: int
    right: int
    bottom: int
    scale: float

    @classmethod
    def at_all(cls, pixels: Pixels, scale: float, border: float) -> Self:
        """The whole picture, extended by the share `border` of its sides."""
        height, width = pixels.shape[:2]
        beyond, above = round(width * border), round(height * border)
        return cls(-beyond, -above, width + beyond, height + above, scale)

    @property
    def searched_px(self) -> float:
        return (self.right - self.left) * (self.bottom - self.top) * self.scale**2

    def cut(self, pixels: Pixels) -> Pixels:
        """The pixels of the part."""
        height, width = pixels.shape[:2]
        seen = pixels[max(self.top, 0) : self.bottom, max(self.left, 0) : self.right]
        above, before = max(-self.top, 0), max(-self.left, 0)
        below, after = max(self.bottom - height, 0), max(self.right - width, 0)
        framed = cv2.copyMakeBorder(seen, above, below, before, after, cv2.BORDER_REPLICATE)
        if self.scale == 1:
            return np.asarray(framed, np.uint8)
        smooth = cv2.INTER_AREA if self.scale < 1 else cv2.INTER_LINEAR
        resized = cv2.resize(framed, None, fx=self.scale, fy=self.scale, interpolation=smooth)
        return np.asarray(resized, np.uint8)

    def place(self, left: int, top: int, width: int, height: int) -> Box:
        """Converts a box in the cropped pixels to a box in the picture."""
        return Box(
            self.left + round(left / self.scale),
            self.top + round(top / self.scale),
            round(width / self.scale),
            round(height / self.scale),
        )
