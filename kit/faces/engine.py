"""The face engine: dlib's HOG detector and 128-number encoder, OpenCV's Haar cascade."""

import importlib.util
from collections.abc import Sequence
from pathlib import Path

import cv2
import dlib
import numpy as np
import numpy.typing as npt

from kit.faces.hog import HogDetector
from kit.faces.quality import measure
from kit.faces.types import Box, Detection, Face

Pixels = npt.NDArray[np.uint8]

# What dlib_face_recognition_resnet_model_v1 was trained on.
_CHIP_PX = 150
_CHIP_PADDING = 0.25
_BATCH = 16


class Engine:
    """Every model, loaded once; one engine per process: dlib's objects must not meet a second thread or a fork.

    Pixels are uint8 RGB (height, width, 3); boxes are in their pixels whatever the scale of the search. `min_face_px`
    is the smallest face that is encoded: HOG at its finest reports 33. A `thorough`
    engine takes four times as long to find faces and sees those out of focus, too.
    """

    def __init__(self, min_face_px: int = 33, thorough: bool = False) -> None:
        # With more, OpenCV starts threads that outnumber the processors of many workers.
        cv2.setNumThreads(1)
        models = _find_models()
        self._min_face_px = min_face_px
        self._hog = HogDetector(thorough)
        cascades = Path(cv2.__file__).parent / "data"
        self._haar = cv2.CascadeClassifier(str(cascades / "haarcascade_frontalface_default.xml"))
        self._pose = dlib.shape_predictor(str(models / "shape_predictor_5_face_landmarks.dat"))
        self._encoder = dlib.face_recognition_model_v1(str(models / "dlib_face_recognition_resnet_model_v1.dat"))

    def detect(self, pixels: Pixels, scale: float = 1.0, border: float = 0.0) -> list[Detection]:
        """Faces by HOG, which sees those of 75 pixels or more: `scale` 2 finds them from 37, below 1 saves time.

        `border` continues the picture's edge by that share of its sides, for a face that fills the frame.
        """
        return self._hog.find(pixels, scale, border)

    def detect_haar(self, pixels: Pixels, scale: float = 1.0) -> list[Box]:
        """Faces by the Haar cascade, a second opinion: it errs elsewhere than HOG."""
        grey = cv2.cvtColor(_resize(pixels, scale), cv2.COLOR_RGB2GRAY)
        boxes = self._haar.detectMultiScale(grey, scaleFactor=1.1, minNeighbors=4, minSize=(36, 36))
        return [_unscale(left, top, width, height, scale) for left, top, width, height in boxes]

    def encode(self, pixels: Pixels, boxes: Sequence[Box]) -> list[Face]:
        """The faces in these boxes, in their order, without those that are too small."""
        large = [box for box in boxes if min(box.width, box.height) >= self._min_face_px]
        faces: list[Face] = []
        for start in range(0, len(large), _BATCH):
            faces += self._encode_batch(pixels, large[start : start + _BATCH])
        return faces

    def _encode_batch(self, pixels: Pixels, boxes: Sequence[Box]) -> list[Face]:
        poses = [self._pose(pixels, _to_rectangle(box)) for box in boxes]
        chips = [dlib.get_face_chip(pixels, pose, _CHIP_PX, _CHIP_PADDING) for pose in poses]
        faces = []
        for box, pose, chip, numbers in zip(
            boxes, poses, chips, self._encoder.compute_face_descriptor(chips), strict=True
        ):
            landmarks = np.array([(point.x, point.y) for point in pose.parts()], np.float32)
            faces.append(Face(box, landmarks, np.array(numbers, np.float32), measure(chip, box, landmarks)))
        return faces


def _find_models() -> Path:
    """The folder of the model files; importing their package would ask for pkg_resources, which setuptools dropped."""
    spec = importlib.util.find_spec("face_recognition_models")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the package face_recognition_models is not installed")
    return Path(spec.origin).parent / "models"


def _resize(pixels: Pixels, scale: float) -> Pixels:
    if scale == 1:
        return pixels
    smooth = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=smooth), np.uint8)


def _unscale(left: int, top: int, width: int, height: int, scale: float) -> Box:
    return Box(round(left / scale), round(top / scale), round(width / scale), round(height / scale))


def _to_rectangle(box: Box) -> "dlib.rectangle":
    return dlib.rectangle(box.left, box.top, box.left + box.width - 1, box.top + box.height - 1)
