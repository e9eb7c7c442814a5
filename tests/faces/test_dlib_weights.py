"""dlib's model files are parsed as published, and any other bytes are rejected with a reason."""

import functools
from collections.abc import Callable

import numpy as np
import pytest

from kit.faces import models
from kit.faces.convert.dlib_stream import Stream, UnknownModel
from kit.faces.convert.dlib_weights import read_encoder

DETECTOR = "mmod_human_face_detector.dat"


@functools.lru_cache
def source(name: str) -> bytes:
    return models.find_model(name).read_bytes()


def test_the_encoder_is_parsed_layer_by_layer() -> None:
    weights = read_encoder(source(models.ENCODER))
    first, *_, last = weights.convolutions
    assert len(weights.convolutions) == 29
    assert (first.weights.shape, first.stride, first.padding) == ((32, 3, 7, 7), 2, 0)
    assert (last.weights.shape, last.stride, last.padding) == ((256, 256, 3, 3), 1, 1)
    assert weights.projection.shape == (256, 128)
    assert all(np.isfinite(layer.weights).all() and np.isfinite(layer.bias).all() for layer in weights.convolutions)


REFUSED: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "empty": (lambda data: b"", "cut off"),
    "cut after the head": (lambda data: data[:40], "cut off"),
    "cut in the weights": (lambda data: data[: len(data) // 2], "cut off"),
    "cut by a byte": (lambda data: data[:-1], "cut off"),
    "a byte too many": (lambda data: data + b"\0", "1 bytes too many"),
    "another loss": (lambda data: data.replace(b"loss_metric_2", b"loss_metric_3", 1), "loss is 'loss_metric_3'"),
    "another layer": (lambda data: data.replace(b"\x05con_4", b"\x05con_5", 1), "layer 0 is 'con_5'"),
    "another order": (lambda data: data.replace(b"relu_", b"tanh_", 1), "layer 2 is 'tanh_'"),
    "another input": (lambda data: data.replace(b"image_sized", b"image_sised", 1), "input is"),
    "another loss version": (lambda data: b"\1\2" + data[2:], "version of the loss is 2"),
    "another layer version": (
        lambda data: data.replace(b"\1\2\1\1", b"\1\3\1\1", 1),
        "versions of the layers",
    ),
    "another size": (lambda data: data.replace(b"\1\x96\1\x96", b"\1\x96\1\x50", 1), "size of the input"),
    "another tensor": (lambda data: data.replace(b"\2\x80\x12", b"\2\x81\x12", 1), "shape of a tensor"),
    "no integer": (lambda data: b"\x7f" + data[1:], "no integer at byte 0"),
    "a text": (lambda data: b"Not Found\n" * 9, "integer"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_other_bytes_are_rejected_with_a_reason(name: str) -> None:
    change, reason = REFUSED[name]
    changed = change(source(models.ENCODER))
    assert changed != source(models.ENCODER)
    with pytest.raises(UnknownModel, match=reason):
        read_encoder(changed)


def test_a_different_network_is_rejected() -> None:
    with pytest.raises(UnknownModel, match="loss_mmod_"):
        read_encoder(source(DETECTOR))


@pytest.mark.parametrize(
    ("data", "number"),
    [(b"\1\0\1\x0b", 0.0), (b"\1\x10\x81\4", 1.0), (b"\x81\3\1\1", -6.0), (b"\3\x0a\xd7\xa3\x81\x1c", 0.04)],
)
def test_floats_are_stored_as_an_integer_and_a_power_of_two(data: bytes, number: float) -> None:
    assert Stream(data).numbers(1) == [pytest.approx(number, rel=1e-6)]


@pytest.mark.parametrize("data", [b"\1\1\2\0\x7d", b"\1\0\1"])
def test_invalid_numbers_are_rejected(data: bytes) -> None:
    with pytest.raises(UnknownModel):
        Stream(data).numbers(1)
