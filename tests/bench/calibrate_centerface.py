"""Measures the value ranges of CenterFace's tensors for `kit.faces.convert.centerface_ranges`.

python -m tests.bench.calibrate_centerface > kit/faces/convert/centerface_ranges.py

It uses the photos of the demo and pictures of scikit-image, so that the results are reproducible.
"""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
from onnx import NodeProto, TensorProto, helper
from PIL import Image

from deploy.sample.event import sample_event
from deploy.sample.portraits import packaged_picture
from kit.faces import models
from kit.faces.convert.centerface_graph import INPUT, OUTPUTS, build_centerface
from kit.faces.detect.centerface import SEARCHED_PX, Pixels, frame

SAMPLE = Path("var/sample")
PICTURES = ("astronaut", "coffee", "chelsea", "ihc", "color", "page")
HEAD = '''"""How small and large the tensors of CenterFace become, as `tests.bench.calibrate_centerface` measured them.

By the names of the published graph; the picture's own colours come first.
"""

RANGES = {'''


def main() -> None:
    model = onnx.load_from_string(build_centerface(models.find_model(models.CENTERFACE).read_bytes(), {}))
    names = list(list_tensors(list(model.graph.node)))
    model.graph.output.extend(helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names)
    session = models.start_session(model.SerializeToString())
    low, high = np.zeros(len(names)), np.zeros(len(names))
    for pixels in read_pictures():
        scale = min(1.0, SEARCHED_PX / max(pixels.shape[:2]))
        found = session.run(names, {"pixels": frame(pixels, scale)[None]})
        low = np.minimum(low, [tensor.min() for tensor in found])
        high = np.maximum(high, [tensor.max() for tensor in found])
    print(HEAD)
    print(f'    "{INPUT}": (0.0, 255.0),')
    for name, least, most in zip(names, low, high, strict=True):
        print(f'    "{name}": ({least:.4g}, {most:.4g}),'.replace("(0,", "(0.0,").replace("(-0,", "(0.0,"))
    print("}")


def list_tensors(nodes: list[NodeProto]) -> Iterator[str]:
    """The results of convolutions and sums, after the Relu where one follows; not the network's own results."""
    readers = {name: node.op_type for node in nodes for name in node.input}
    for node in nodes:
        (name,) = node.output
        is_rounded = node.op_type == "Relu" or (node.op_type in ("Conv", "Add") and readers[name] != "Relu")
        if is_rounded and name not in OUTPUTS and readers[name] != "Sigmoid":
            yield name


def read_pictures() -> Iterator[Pixels]:
    for photo in sample_event(SAMPLE).photos:
        yield np.asarray(Image.open(io.BytesIO(photo.jpeg)).convert("RGB"))
    for name in PICTURES:
        yield np.asarray(packaged_picture(name))


if __name__ == "__main__":
    main()
