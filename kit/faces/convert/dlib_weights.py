"""A reader of dlib's serialised networks (`.dat`): it accepts only the known networks, layer by layer.

The format is that of dlib/dnn/core.h: the loss, the versions of all layers from the last to the first, the input, and
the layers from the first to the last.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from kit.faces.convert.dlib_stream import Stream, Tensor

# A layer: its name in the file and its sizes. A `tag` names a place in the network and has no content.
Layer: TypeAlias = tuple[str, tuple[int, ...]]

MEAN_RGB = (122.782, 117.001, 104.298)
CHIP_PX = 150


@dataclass(frozen=True, slots=True, eq=False)
class Convolution:
    """`weights` (out, in, rows, columns) and `bias` (out,), with the normalisation that follows folded in."""

    weights: Tensor
    bias: Tensor
    stride: int
    padding: int


@dataclass(frozen=True, slots=True, eq=False)
class EncoderWeights:
    """dlib_face_recognition_resnet_model_v1: `projection` (256, 128) is its last layer."""

    convolutions: Sequence[Convolution]
    projection: Tensor


_TAG: Layer = ("tag", ())
_RELU: Layer = ("relu_", ())
_ADD: Layer = ("add_prev_", ())


def _convolved(after: int, before: int, size: int, stride: int = 1) -> list[Layer]:
    """A convolution and its normalisation; dlib pads those of stride 1 alone."""
    return [("con_4", (after, before, size, stride, size // 2 if stride == 1 else 0)), ("affine_", (after,))]


def _residual(before: int, after: int, stride: int = 1) -> list[Layer]:
    shortcut: list[Layer] = [_TAG, _TAG, ("avg_pool_2", (2, 2, 2, 2, 0, 0))] if stride > 1 else []
    inner = [*_convolved(after, before, 3, stride), _RELU, *_convolved(after, after, 3)]
    return [_TAG, *inner, *shortcut, _ADD, _RELU]


# dlib/tools/python/src/face_recognition.cpp, from the input on.
_ENCODER: list[Layer] = [
    *_convolved(32, 3, 7, stride=2),
    _RELU,
    ("max_pool_2", (3, 3, 2, 2, 0, 0)),
    *_residual(32, 32) * 3,
    *_residual(32, 64, stride=2),
    *_residual(64, 64) * 3,
    *_residual(64, 128, stride=2),
    *_residual(128, 128) * 2,
    *_residual(128, 256, stride=2),
    *_residual(256, 256) * 2,
    *_residual(256, 256, stride=2),
    ("avg_pool_2", (0, 0, 1, 1, 0, 0)),
    ("fc_2", (128, 256)),
]


def read_encoder(data: bytes) -> EncoderWeights:
    """The weights in dlib_face_recognition_resnet_model_v1.dat; UnknownModel for any other bytes."""
    stream = Stream(data)
    stream.expect("version of the loss", 1, stream.integer())
    stream.expect("loss", "loss_metric_2", stream.text())
    # Its margin and distance threshold matter only in training.
    stream.numbers(2)
    reader = _LayerReader(stream)
    reader.read(_ENCODER, "input_rgb_image_sized", [CHIP_PX, CHIP_PX])
    return EncoderWeights(reader.convolutions, reader.matrices[0])


class _LayerReader:
    """Reads the layers and keeps their weights; normalisations are folded into the convolution before them."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self.convolutions: list[Convolution] = []
        self.matrices: list[Tensor] = []
        self._readers: dict[str, Callable[..., None]] = {
            "con_4": self._convolution,
            "affine_": self._affine,
            "max_pool_2": self._pool,
            "avg_pool_2": self._pool,
            "fc_2": self._matrix,
            "relu_": lambda: None,
            "add_prev_": lambda: None,
        }

    def read(self, layers: Sequence[Layer], input_name: str, input_size: list[int]) -> None:
        stream = self._stream
        versions = [1 if name == "tag" else 2 for name, _ in layers]
        # The first layer holds the input as well, which has a version of its own.
        versions[0] = 3
        stream.expect("versions of the layers", versions[::-1], stream.integers(len(versions)))
        stream.expect("input", input_name, stream.text())
        stream.expect("mean colour", [np.float32(c) for c in MEAN_RGB], [np.float32(c) for c in stream.numbers(3)])
        stream.expect("size of the input", input_size, stream.integers(len(input_size)))
        for number, (name, sizes) in enumerate(layers):
            if name == "tag":
                continue
            stream.expect(f"layer {number}", name, stream.text())
            self._readers[name](*sizes)
            # Whether it was set up, has a gradient, keeps its output; then gradients and output, which are empty.
            stream.flags(3)
            for _ in range(3):
                stream.tensor(0, 0, 0, 0)
            if number == 0:
                stream.expect("images for each input", 1, stream.integer())
        stream.end()

    def _convolution(self, after: int, before: int, size: int, stride: int, padding: int) -> None:
        stream = self._stream
        count = after * before * size * size
        weights = stream.tensor(count + after, 1, 1, 1).ravel()
        sizes = [after, size, size, stride, stride, padding, padding]
        stream.expect("sizes of a convolution", sizes, stream.integers(7))
        stream.view(after, before, size, size)
        stream.view(1, after, 1, 1)
        # Learning rates.
        stream.numbers(4)
        filters = weights[:count].reshape(after, before, size, size)
        self.convolutions.append(Convolution(filters, weights[count:], stride, padding))

    def _affine(self, channels: int) -> None:
        factor, offset = self._factor_and_offset(channels)
        self._stream.expect("mode of a normalisation", 0, self._stream.integer())
        self._fold(factor, offset)

    def _factor_and_offset(self, channels: int) -> tuple[Tensor, Tensor]:
        numbers = self._stream.tensor(2 * channels, 1, 1, 1).ravel()
        self._stream.view(1, channels, 1, 1)
        self._stream.view(1, channels, 1, 1)
        return numbers[:channels], numbers[channels:]

    def _fold(self, factor: npt.NDArray[np.floating], offset: npt.NDArray[np.floating]) -> None:
        last = self.convolutions[-1]
        factor = factor.astype(np.float64)
        weights = (last.weights * factor[:, None, None, None]).astype(np.float32)
        bias = (last.bias * factor + offset).astype(np.float32)
        self.convolutions[-1] = Convolution(weights, bias, last.stride, last.padding)

    def _pool(self, *sizes: int) -> None:
        self._stream.expect("sizes of a pool", list(sizes), self._stream.integers(6))

    def _matrix(self, after: int, before: int) -> None:
        stream = self._stream
        stream.expect("sizes of a matrix", [after, before], stream.integers(2))
        self.matrices.append(stream.tensor(before, after, 1, 1).reshape(before, after))
        stream.view(before, after, 1, 1)
        stream.view(0, 0, 0, 0)
        stream.expect("mode of a bias", 1, stream.integer())
        # Learning rates.
        stream.numbers(4)
