"""CenterFace for ONNX Runtime; only the conversion imports this module, since onnx is slow to import."""

import onnx
from onnx import TensorProto, helper

# The names of the published graph (Star-Clouds/CenterFace): its fourth output, the landmarks, is not used.
_INPUT, _OUTPUTS = "input.1", {"537": ("scores", 1), "538": ("sizes", 2), "539": ("offsets", 2)}


def build_centerface(source: bytes) -> bytes:
    """From `pixels` (1, height, width, 3), uint8 RGB, sides that 32 divides, to arrays of a quarter of the sides:
    `scores` (1, 1, rows, columns), `sizes` and `offsets` (1, 2, rows, columns).

    The published graph has a fixed size, and lists its weights among its inputs, which keeps ONNX Runtime from folding
    the batch normalisations into the convolutions.
    """
    model = onnx.load_from_string(source)
    graph = model.graph
    nodes = [
        helper.make_node("Cast", ["pixels"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["floats"], [_INPUT], perm=[0, 3, 1, 2]),
        *(node for node in graph.node if not set(node.output) & {"540"}),
        *(helper.make_node("Identity", [name], [new]) for name, (new, _) in _OUTPUTS.items()),
    ]
    used = {name for node in nodes for name in node.input}
    built = helper.make_graph(
        nodes,
        "centerface",
        [helper.make_tensor_value_info("pixels", TensorProto.UINT8, [1, "height", "width", 3])],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, planes, "rows", "columns"])
            for name, planes in _OUTPUTS.values()
        ],
        [weights for weights in graph.initializer if weights.name in used],
    )
    return helper.make_model(built, opset_imports=model.opset_import, ir_version=model.ir_version).SerializeToString()
