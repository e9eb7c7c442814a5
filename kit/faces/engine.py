"""The face engine: CenterFace, dlib's detectors, landmarks and 128-number encoder, OpenCV's Haar cascade."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import dlib
import numpy as np
import numpy.typing as npt

from kit.faces import models
from kit.faces.convert.dlib_weights import CHIP_PX
from kit.faces.detect.hog import HogDetector
from kit.faces.detect.photo_detector import PhotoDetector
from kit.faces.encode.encoder import Encoder
from kit.faces.quality import measure
from kit.faces.types import Box, Detection, Face

Pixels = npt.NDArray[np.uint8]

# Smaller faces are detected but not encoded: a handful of pixels must not decide who sees a photo.
MIN_FACE_PX = 32

# dlib_face_recognition_resnet_model_v1 was trained with the first. The errors of a closer and a wider crop differ, so
# the mean of all is more accurate (docs/accuracy.md).
_CHIP_PADDINGS = 0.25, 0.18, 0.32


class Engine:
    """All models, loaded once; one per process, because dlib's objects must not be shared with a thread or a fork.

    Pixels are uint8 RGB (height, width, 3); boxes are in their pixels whatever the scale of the search. `min_face_px`
    is the smallest face that is encoded. An engine that is not `for_photos` has HOG alone and cannot `find`.
    Converted models are kept in the folder `model_cache`; without one each engine converts them again.
    """

    def __init__(
        self,
        min_face_px: int = MIN_FACE_PX,
        for_photos: bool = True,
        model_cache: Path | None = None,
    ) -> None:
        # With more, OpenCV starts threads that outnumber the processors of many workers.
        cv2.setNumThreads(1)
        self._min_face_px = min_face_px
        self._hog = HogDetector()
        self._photo_detector = PhotoDetector(self._hog, model_cache) if for_photos else None
        cascades = Path(cv2.__file__).parent / "data"
        self._haar = cv2.CascadeClassifier(str(cascades / "haarcascade_frontalface_default.xml"))
        self._pose = dlib.shape_predictor(str(models.find_model(models.LANDMARKS)))
        self._encoder = Encoder(model_cache)

    def detect(self, pixels: Pixels, scale: float = 1.0, border: float = 0.0) -> list[Detection]:
        """Faces by HOG, which sees those of 75 pixels or more.

        `scale` 2 finds them from half of that, below 1 saves time. `border` continues the picture's edge by that share
        of its sides, for a face that fills the frame.
        """
        return self._hog.find(pixels, scale, border)

    def find(self, pixels: Pixels) -> list[Detection]:
        """The faces of a photo, whatever their size."""
        if self._photo_detector is None:
            raise ValueError("this engine was not made for photos")
        return self._photo_detector.find(pixels)

    def detect_haar(self, pixels: Pixels, scale: float = 1.0) -> list[Box]:
        """Faces by the Haar cascade, a second opinion: its errors differ from HOG's."""
        grey = cv2.cvtColor(_resize(pixels, scale), cv2.COLOR_RGB2GRAY)
        boxes = self._haar.detectMultiScale(grey, scaleFactor=1.1, minNeighbors=4, minSize=(36, 36))
        return [_unscale(left, top, width, height, scale) for left, top, width, height in boxes]

    def encode(self, pixels: Pixels, boxes: Sequence[Box], zoom: float = 1.0) -> list[Face]:
        """The faces in these boxes, in their order, without those that are too small.

        `zoom` is how many pixels of the whole picture each of these stands for; the size of a face is counted in those.
        """
        large = [box for box in boxes if min(box.width, box.height) * zoom >= self._min_face_px]
        if not large:
            return []
        poses = dlib.full_object_detections([self._pose(pixels, _to_rectangle(box)) for box in large])
        # All faces at once: each call copies the picture.
        chips = [dlib.get_face_chips(pixels, poses, CHIP_PX, padding) for padding in _CHIP_PADDINGS]
        encodings = self._encoder.encode_together(*chips)
        landmarks = [np.array([(p.x, p.y) for p in pose.parts()], np.float32) for pose in poses]
        return [
            Face(box, points, encoding, measure(chip, box, points))
            for box, points, encoding, chip in zip(large, landmarks, encodings, chips[0], strict=True)
        ]


def _resize(pixels: Pixels, scale: float) -> Pixels:
    if scale == 1:
        return pixels
    smooth = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=smooth), np.uint8)


def _unscale(left: int, top: int, width: int, height: int, scale: float) -> Box:
    return Box(round(left / scale), round(top / scale), round(width / scale), round(height / scale))


def _to_rectangle(box: Box) -> "dlib.rectangle":
    return dlib.rectangle(box.left, box.top, box.left + box.width - 1, box.top + box.height - 1)
