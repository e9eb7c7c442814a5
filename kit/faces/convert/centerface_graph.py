"""CenterFace for ONNX Runtime; only the conversion imports this module, since onnx is slow to import."""

from collections.abc import Mapping

import onnx
from onnx import ModelProto, NodeProto, TensorProto, helper

from kit.faces.convert.eight_bit import OPSET, Range, quantise

_IR_VERSION = 8
# The names of the published graph (Star-Clouds/CenterFace): its fourth output, the landmarks, is not used.
INPUT, OUTPUTS = "input.1", {"537": ("scores", 1), "538": ("sizes", 2), "539": ("offsets", 2)}


def build_centerface(source: bytes, ranges: Mapping[str, Range]) -> bytes:
    """From `pixels` (1, height, width, 3), uint8 RGB, sides that 32 divides, to arrays of a quarter of the sides:
    `scores` (1, 1, rows, columns), `sizes` and `offsets` (1, 2, rows, columns).

    The published graph has a fixed size, and lists its weights among its inputs, which keeps ONNX Runtime from folding
    the batch normalisations into the convolutions. It computes in eight bits where a tensor's range is given.
    """
    graph = onnx.load_from_string(source).graph
    nodes, constants = quantise(_rename(list(graph.node)), {one.name: one for one in graph.initializer}, ranges)
    return _finish(nodes, constants).SerializeToString()


def _rename(nodes: list[NodeProto]) -> list[NodeProto]:
    """Adds nodes that convert our input before the graph, and nodes that name our outputs after it."""
    return [
        helper.make_node("Cast", ["pixels"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["floats"], [INPUT], perm=[0, 3, 1, 2]),
        *(node for node in nodes if not set(node.output) & {"540"}),
        *(helper.make_node("Identity", [name], [new]) for name, (new, _) in OUTPUTS.items()),
    ]


def _finish(nodes: list[NodeProto], constants: list[TensorProto]) -> ModelProto:
    graph = helper.make_graph(
        nodes,
        "centerface",
        [helper.make_tensor_value_info("pixels", TensorProto.UINT8, [1, "height", "width", 3])],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, planes, "rows", "columns"])
            for name, planes in OUTPUTS.values()
        ],
        constants,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=_IR_VERSION)
