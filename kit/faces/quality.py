"""Measures of how clearly a face is visible."""

import math

import cv2
import numpy as np
import numpy.typing as npt

from kit.faces.types import Box, Quality

# Depth of the nose's base before the eyes in units of the distance of the eyes, which sets the scale of the yaw.
_NOSE_DEPTH = 0.4


def measure(chip: npt.NDArray[np.uint8], box: Box, landmarks: npt.NDArray[np.float32]) -> Quality:
    """The quality of a face from the encoder's chip of it, RGB, so that size does not count as sharpness."""
    grey = cv2.cvtColor(chip, cv2.COLOR_RGB2GRAY)
    brightness = float(grey.mean())
    # The Laplacian grows with the light, its variance with the light's square: a dark face is not a blurred one.
    light = max(brightness, 1.0) / 128
    return Quality(
        size_px=min(box.width, box.height),
        sharpness=float(cv2.Laplacian(grey, cv2.CV_64F).var()) / light**2,
        brightness=brightness,
        yaw=_estimate_yaw(landmarks),
    )


def _estimate_yaw(landmarks: npt.NDArray[np.float32]) -> float:
    """Degrees from where the nose stands between the eyes; dlib's order: right eye of the picture, left eye, nose."""
    right, left, nose = landmarks[:2].mean(axis=0), landmarks[2:4].mean(axis=0), landmarks[4]
    axis = right - left
    length = float(np.hypot(*axis))
    if length == 0:
        return 0.0
    offset = float(np.dot(nose - (left + right) / 2, axis)) / length**2
    return math.degrees(math.atan(offset / _NOSE_DEPTH))
