"""Convolutions in eight bits: an ONNX graph whose activations have measured ranges. Only conversions import this.

Weights become int8 of seven bits with a scale for each channel, activations uint8 with a scale and a zero for each
tensor: pairs of QuantizeLinear and DequantizeLinear, which ONNX Runtime turns into integer arithmetic if both sides of
an operation have them. Tensors without a range stay in float.
"""

from collections.abc import Generator, Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt
from onnx import NodeProto, TensorProto, helper, numpy_helper

Range = tuple[float, float]

OPSET = 13  # the first with a scale for each channel
# Seven bits: processors without VNNI add two products of bytes in 16 bits, which 2 x 255 x 127 overflows.
_WEIGHT_MAX = 63


def quantise(
    nodes: Sequence[NodeProto], constants: Mapping[str, TensorProto], ranges: Mapping[str, Range]
) -> tuple[list[NodeProto], list[TensorProto]]:
    """The nodes and the constants of the same graph, in its order, in eight bits where `ranges` has the tensors.

    A Relu whose result has a range is dropped, since the smallest value of its uint8 is zero.
    """
    work = _Work(nodes, constants, ranges)
    return [made for node in nodes for made in work.rewrite(node)], work.constants


class _Work:
    def __init__(
        self, nodes: Sequence[NodeProto], constants: Mapping[str, TensorProto], ranges: Mapping[str, Range]
    ) -> None:
        self._given = constants
        self._scales = {name: _scale(*found) for name, found in ranges.items()}
        # An operation writes directly to the output of the Relu after it, which has the range.
        self._relus = {
            node.input[0]: node.output[0] for node in nodes if node.op_type == "Relu" and node.output[0] in ranges
        }
        self.constants: list[TensorProto] = []
        self._known: set[str] = set()

    def rewrite(self, node: NodeProto) -> Iterator[NodeProto]:
        if node.op_type == "Relu" and node.output[0] in self._scales:
            return
        inputs = [self._read(name) for name in node.input]
        if node.op_type == "Conv" and node.input[0] in self._scales:
            weights = yield from self._weigh(node)
            inputs = [inputs[0], *weights]
        else:
            self._keep(*node.input)
        made = NodeProto()
        made.CopyFrom(node)
        del made.input[:]
        made.input.extend(inputs)
        yield made
        result = self._relus.get(node.output[0], node.output[0])
        if result in self._scales:
            yield from self._round(node.output[0], result)

    def _read(self, name: str) -> str:
        return f"{name}.floats" if name in self._scales else name

    def _round(self, source: str, name: str) -> Iterator[NodeProto]:
        """From the float `source` through uint8 to what readers of `name` get."""
        scale, zero = self._scales[name]
        parameters = [self._add(f"{name}.scale", np.float32(scale)), self._add(f"{name}.zero", np.uint8(zero))]
        yield helper.make_node("QuantizeLinear", [source, *parameters], [f"{name}.bytes"])
        yield helper.make_node("DequantizeLinear", [f"{name}.bytes", *parameters], [f"{name}.floats"])

    def _weigh(self, node: NodeProto) -> Generator[NodeProto, None, list[str]]:
        """The weights and the bias of a convolution; returns the names of what it reads."""
        weights = numpy_helper.to_array(self._given[node.input[1]]).astype(np.float64)
        scales = np.maximum(np.abs(weights).reshape(len(weights), -1).max(axis=1), 1e-12) / _WEIGHT_MAX
        whole = np.rint(weights / scales.reshape(-1, *[1] * (weights.ndim - 1)))
        names = [f"{node.output[0]}.weights", f"{node.output[0]}.bias"]
        yield self._dequantise(names[0], whole.astype(np.int8), scales)
        if len(node.input) < 3:
            return names[:1]
        scales = scales * self._scales[node.input[0]][0]
        bias = np.rint(numpy_helper.to_array(self._given[node.input[2]]).astype(np.float64) / scales)
        yield self._dequantise(names[1], bias.astype(np.int32), scales)
        return names

    def _dequantise(self, name: str, whole: npt.NDArray[np.integer], scales: npt.NDArray[np.float64]) -> NodeProto:
        inputs = [
            self._add(f"{name}.whole", whole),
            self._add(f"{name}.scales", scales.astype(np.float32)),
            self._add(f"{name}.zeros", np.zeros(len(scales), whole.dtype)),
        ]
        return helper.make_node("DequantizeLinear", inputs, [name], axis=0)

    def _add(self, name: str, value: npt.ArrayLike) -> str:
        if name not in self._known:
            self._known.add(name)
            self.constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def _keep(self, *names: str) -> None:
        for name in names:
            if name in self._given and name not in self._known:
                self._known.add(name)
                self.constants.append(self._given[name])


def _scale(low: float, high: float) -> tuple[float, int]:
    """The scale, and the byte that represents zero; the range always contains zero."""
    low, high = min(low, 0.0), max(high, 0.0)
    scale = max((high - low) / 255, 1e-12)
    return scale, round(-low / scale)
