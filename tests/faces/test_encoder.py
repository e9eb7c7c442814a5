"""The encoder reproduces dlib's numbers."""

import os
from collections.abc import Sequence

import dlib
import numpy as np
import numpy.typing as npt
import pytest
from skimage import data as samples

from kit.faces import models
from kit.faces.encode.encoder import BATCH, Encoder
from kit.faces.engine import Engine
from kit.faces.images.decode import Pixels
from kit.faces.types import Box

ASTRONAUT: Pixels = samples.astronaut()  # type: ignore[no-untyped-call]
FACE = Box(171, 65, 108, 108)
# Partly outside the picture, which dlib fills with black.
CORNER = Box(-30, -30, 90, 90)


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine()


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder()


def cut_out(boxes: Sequence[Box], padding: float = 0.25) -> list[Pixels]:
    """The face chips, by default as face_recognition makes them."""
    predictor = dlib.shape_predictor(str(models.find_model(models.LANDMARKS)))
    rectangles = [dlib.rectangle(b.left, b.top, b.left + b.width - 1, b.top + b.height - 1) for b in boxes]
    return [dlib.get_face_chip(ASTRONAUT, predictor(ASTRONAUT, rectangle), 150, padding) for rectangle in rectangles]


def encode_by_dlib(chips: Sequence[Pixels]) -> npt.NDArray[np.float64]:
    network = dlib.face_recognition_model_v1(str(models.find_model(models.ENCODER)))
    return np.array([network.compute_face_descriptor(chip) for chip in chips])


def test_every_number_equals_that_of_dlib(encoder: Encoder) -> None:
    chips = cut_out([FACE, CORNER])
    assert np.abs(encoder.encode(chips) - encode_by_dlib(chips)).max() < 1e-5


def test_a_face_is_encoded_with_three_paddings_unchanged_and_mirrored(engine: Engine) -> None:
    faces = engine.encode(ASTRONAUT, [FACE, CORNER])
    chips = [cut_out([FACE, CORNER], padding) for padding in (0.25, 0.18, 0.32)]
    mirrored = [[np.ascontiguousarray(chip[:, ::-1]) for chip in some] for some in chips]
    views = np.array([encode_by_dlib(some) for some in (*chips, *mirrored)])
    expected = views.mean(axis=0) * 1.045
    assert min(np.abs(view * 1.045 - expected).max() for view in views) > 0.01, "the control"
    assert [face.box for face in faces] == [FACE, CORNER]
    assert np.abs(np.array([face.encoding for face in faces]) - expected).max() < 1e-5


def test_a_face_has_the_same_encoding_in_any_batch(encoder: Encoder) -> None:
    face, corner = cut_out([FACE, CORNER])
    alone = encoder.encode([face])[0]
    many = encoder.encode([*[corner] * BATCH, face, corner])
    assert many.shape == (BATCH + 2, 128)
    assert np.abs(many[BATCH] - alone).max() < 1e-6
    assert np.abs(many[-1] - many[0]).max() < 1e-6


def test_no_faces_give_no_encodings(encoder: Encoder, engine: Engine) -> None:
    assert encoder.encode([]).shape == (0, 128)
    assert engine.encode(ASTRONAUT, []) == []


def test_the_runtime_records_and_sends_no_telemetry(encoder: Encoder) -> None:
    assert encoder.encode(cut_out([FACE])).any()
    opened = [os.readlink(entry) for entry in os.scandir("/proc/self/fd") if os.path.islink(entry)]
    assert not [name for name in opened if "Microsoft" in name]
