"""dlib's networks as ONNX graphs; only the conversion imports this module, since onnx is slow to import."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from onnx import TensorProto, ValueInfoProto, helper, numpy_helper

from kit.faces.convert.dlib_weights import CHIP_PX, MEAN_RGB, Convolution, EncoderWeights

_OPSET = 17
_IR_VERSION = 9


def build_encoder(weights: EncoderWeights) -> bytes:
    """From `chips` (n, 150, 150, 3), uint8 RGB, to `encodings` (n, 128), float32."""
    first, *others = weights.convolutions
    graph = _Graph([_fold_colours(first), *others])
    x = graph.add("Transpose", graph.add("Cast", "chips", to=TensorProto.FLOAT), perm=[0, 3, 1, 2])
    x = graph.add("Relu", graph.convolve(x))
    x = graph.add("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2])
    x = _residuals(graph, x, 3)
    x = _residuals(graph, _residual_down(graph, x, new_channels=32), 3)
    x = _residuals(graph, _residual_down(graph, x, new_channels=64), 2)
    x = _residuals(graph, _residual_down(graph, x, new_channels=128, missing_px=1), 2)
    x = _residual_down(graph, x, missing_px=1)
    x = graph.add("Flatten", graph.add("GlobalAveragePool", x))
    return graph.finish(
        helper.make_tensor_value_info("chips", TensorProto.UINT8, ["n", CHIP_PX, CHIP_PX, 3]),
        helper.make_tensor_value_info("encodings", TensorProto.FLOAT, ["n", weights.projection.shape[1]]),
        graph.add("MatMul", x, graph.constant(weights.projection)),
    )


class _Graph:
    """Builds a graph node by node; consumes its convolutions in order."""

    def __init__(self, convolutions: Sequence[Convolution]) -> None:
        self._convolutions = iter(convolutions)
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def constant(self, numbers: npt.NDArray[Any]) -> str:
        name = f"constant{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(numbers), name))
        return name

    def add(self, operator: str, *inputs: str, **attributes: Any) -> str:
        name = f"{operator}{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
        return name

    def convolve(self, x: str) -> str:
        layer = next(self._convolutions)
        weights, bias = self.constant(layer.weights), self.constant(layer.bias)
        return self.add("Conv", x, weights, bias, strides=[layer.stride] * 2, pads=[layer.padding] * 4)

    def pad(self, x: str, channels: int, rows: int, columns: int) -> str:
        """Zeros behind the last channel, below the last row and right of the last column."""
        ends = np.array([0, 0, 0, 0, 0, channels, rows, columns], np.int64)
        return self.add("Pad", x, self.constant(ends)) if ends.any() else x

    def finish(self, before: ValueInfoProto, after: ValueInfoProto, result: str) -> bytes:
        self._nodes.append(helper.make_node("Identity", [result], [after.name]))
        graph = helper.make_graph(self._nodes, after.name, [before], [after], self._constants)
        opsets = [helper.make_opsetid("", _OPSET)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=_IR_VERSION).SerializeToString()


def _fold_colours(layer: Convolution) -> Convolution:
    """Folds dlib's `(colour - mean) / 256` into the layer; this is exact, since the layer has no padding."""
    weights = layer.weights.astype(np.float64) / 256
    means = np.array(MEAN_RGB, np.float32).astype(np.float64)[:, None, None]
    bias = layer.bias - (weights * means).sum(axis=(1, 2, 3))
    return Convolution(weights.astype(np.float32), bias.astype(np.float32), layer.stride, layer.padding)


def _residuals(graph: _Graph, x: str, count: int) -> str:
    for _ in range(count):
        inner = graph.convolve(graph.add("Relu", graph.convolve(x)))
        x = graph.add("Relu", graph.add("Add", inner, x))
    return x


def _residual_down(graph: _Graph, x: str, new_channels: int = 0, missing_px: int = 0) -> str:
    """A residual of half the size; dlib's add_prev takes the smaller of its two sides as if zeros followed.

    The convolutions give `missing_px` rows and columns less than the pool, which gives `new_channels` less than they.
    """
    inner = graph.convolve(graph.add("Relu", graph.convolve(x)))
    shortcut = graph.add("AveragePool", x, kernel_shape=[2, 2], strides=[2, 2])
    inner, shortcut = graph.pad(inner, 0, missing_px, missing_px), graph.pad(shortcut, new_channels, 0, 0)
    return graph.add("Relu", graph.add("Add", inner, shortcut))
