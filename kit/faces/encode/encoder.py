"""The encoder: dlib_face_recognition_resnet_model_v1 on ONNX Runtime.

The numbers are dlib's within 1e-5, in a twentieth of the time. dlib's network keeps Python's lock while it computes,
this one releases it.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kit.faces import models
from kit.faces.convert.dlib_weights import read_encoder

# Larger batches take more memory and are not faster.
BATCH = 16

# Means over several crops are closer to each other than single encodings, of one person and of two. With this factor
# the tolerances stay valid (docs/accuracy.md).
_SCALE = 1.045


class Encoder:
    """Encodes faces as 128 numbers; see `kit.faces.models.load_converted` for the `cache`."""

    def __init__(self, cache: Path | None = None) -> None:
        self._session = models.start_session(models.load_converted(models.ENCODER, _convert, cache))

    def encode(self, chips: Sequence[npt.NDArray[np.uint8]]) -> npt.NDArray[np.float32]:
        """Encodings (n, 128) of chips (150, 150, 3), RGB: faces as dlib.get_face_chip crops them."""
        batches = [np.stack(chips[start : start + BATCH]) for start in range(0, len(chips), BATCH)]
        parts = [self._session.run(None, {"chips": batch})[0] for batch in batches]
        return np.concatenate([np.empty((0, 128), np.float32), *parts])

    def encode_together(self, *chips: Sequence[npt.NDArray[np.uint8]]) -> npt.NDArray[np.float32]:
        """Encodings (n, 128): for each of n faces, the scaled mean over its chips, one in each sequence, and their
        mirror images."""
        views = [*chips, *([chip[:, ::-1] for chip in some] for some in chips)]
        encodings = self.encode([chip for view in views for chip in view]).reshape(len(views), -1, 128)
        return np.asarray(encodings.mean(axis=0) * np.float32(_SCALE), np.float32)


def _convert(source: bytes) -> bytes:
    # Imported here: the conversion is rare, and onnx is slow to import.
    from kit.faces.convert.onnx_graphs import build_encoder

    return build_encoder(read_encoder(source))
