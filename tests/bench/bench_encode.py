"""The time of the encoder per face, compared with face_recognition, dlib and a plain matrix product, on one thread.

OPENBLAS_NUM_THREADS=1 python -m tests.bench.bench_encode
"""

import json
import os
import statistics
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import dlib
import face_recognition
import numpy as np
from skimage import data as samples

from kit.faces import models
from kit.faces.convert.dlib_weights import read_encoder
from kit.faces.encode.encoder import BATCH, Encoder
from kit.faces.engine import Engine
from kit.faces.types import Box

ROUNDS = 9
FACE = Box(171, 65, 108, 108)
# Like a group photo: the same face, shifted by one pixel each.
GROUP = [Box(FACE.left + n, FACE.top, FACE.width, FACE.height) for n in range(8)]
# Rows and columns of the output of each convolution of the encoder.
SIDES = [72, *[35] * 6, *[17] * 8, *[8] * 6, *[3] * 2, *[4] * 4, *[1] * 2]


def run(rounds: int = ROUNDS) -> dict[str, Any]:
    """Milliseconds (medians of interleaved rounds) and the derived figures; takes about ten seconds."""
    if os.environ.get("OPENBLAS_NUM_THREADS") != "1":
        raise RuntimeError("set OPENBLAS_NUM_THREADS=1: a matrix product on all processors would be no comparison")
    ms = _measure(_subjects(), rounds)
    gmac = count_gmac()
    batch_ms, product_ms = ms["encoder_batch_of_16"] / BATCH, ms["matrix_product_1024"]
    return {
        "ms": ms,
        "face_recognition_over_engine_one_face": ms["face_recognition_one_face"] / ms["engine_one_face"],
        "face_recognition_over_engine_8_faces": ms["face_recognition_8_faces"] / ms["engine_8_faces"],
        "dlib_over_encoder_one_face": ms["dlib_one_face"] / ms["encoder_one_face"],
        "dlib_over_encoder_batch": ms["dlib_one_face"] / batch_ms,
        "encoder_gmac": gmac,
        "encoder_gmac_per_s": gmac / batch_ms * 1000,
        "matrix_product_gmac_per_s": 1024**3 / 1e6 / product_ms,
        "encoder_batch_over_matrix_product": batch_ms / (gmac * 1e9 / 1024**3 * product_ms),
        "largest_difference_to_dlib": _largest_difference(),
        "versions": {name: version(name) for name in ("onnxruntime", "dlib-bin", "face-recognition", "numpy")},
    }


def count_gmac() -> float:
    """Multiplications for one face, in billions (10^9)."""
    weights = read_encoder(models.find_model(models.ENCODER).read_bytes())
    layers = zip(weights.convolutions, SIDES, strict=True)
    return float(weights.projection.size + sum(layer.weights.size * side**2 for layer, side in layers)) / 1e9


def _subjects() -> dict[str, Callable[[], object]]:
    photo = samples.astronaut()  # type: ignore[no-untyped-call]
    engine, encoder = Engine(), Encoder()
    theirs = dlib.face_recognition_model_v1(str(models.find_model(models.ENCODER)))
    places = [(box.top, box.left + box.width, box.top + box.height, box.left) for box in GROUP]
    chips = [_chip(photo)] * BATCH
    matrix = np.random.default_rng(1).random((1024, 1024), np.float32)
    return {
        "face_recognition_one_face": lambda: face_recognition.face_encodings(photo, places[:1]),
        "engine_one_face": lambda: engine.encode(photo, GROUP[:1]),
        "face_recognition_8_faces": lambda: face_recognition.face_encodings(photo, places),
        "engine_8_faces": lambda: engine.encode(photo, GROUP),
        "dlib_one_face": lambda: theirs.compute_face_descriptor(chips[0]),
        "encoder_one_face": lambda: encoder.encode(chips[:1]),
        "encoder_batch_of_16": lambda: encoder.encode(chips),
        "matrix_product_1024": lambda: matrix @ matrix,
    }


def _measure(subjects: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    taken: dict[str, list[float]] = {name: [] for name in subjects}
    for number in range(rounds + 1):
        for name, subject in subjects.items():
            began = time.perf_counter()
            subject()
            # The first round warms up.
            if number > 0:
                taken[name].append((time.perf_counter() - began) * 1000)
    return {name: statistics.median(times) for name, times in taken.items()}


def _largest_difference() -> float:
    photo = samples.astronaut()  # type: ignore[no-untyped-call]
    theirs = dlib.face_recognition_model_v1(str(models.find_model(models.ENCODER)))
    chip = _chip(photo)
    return float(np.abs(Encoder().encode([chip])[0] - np.array(theirs.compute_face_descriptor(chip))).max())


def _chip(photo: np.ndarray) -> np.ndarray:
    predictor = dlib.shape_predictor(str(models.find_model(models.LANDMARKS)))
    rectangle = dlib.rectangle(FACE.left, FACE.top, FACE.left + FACE.width - 1, FACE.top + FACE.height - 1)
    return np.asarray(dlib.get_face_chip(photo, predictor(photo, rectangle), 150, 0.25))


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
