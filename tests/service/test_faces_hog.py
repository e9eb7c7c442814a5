"""Faces by our filters and dlib: what dlib alone would find, for less."""

from types import SimpleNamespace
from typing import Any

import cv2
import dlib
import numpy as np
import pytest
from skimage import data as samples

from kit.faces.dlib_stream import UnknownModel
from kit.faces.face_filters import FaceFilters
from kit.faces.hog import HogDetector, Pixels
from kit.faces.types import Box, Detection

ASTRONAUT: Pixels = samples.astronaut()  # type: ignore[no-untyped-call]
# Head and shoulders, and the face in them as dlib reports it.
HEAD: Pixels = ASTRONAUT[20:240, 120:340]
FACE_PX = 90
CENTRE_PX = 105
WALL = (120, 130, 140)


@pytest.fixture(scope="module")
def detector() -> HogDetector:
    return HogDetector()


def crowd(face_px: int, places: list[tuple[int, int]], width: int = 960, height: int = 640) -> Pixels:
    """A wall with a face of that size at each place: its centre."""
    scale = face_px / FACE_PX
    head = cv2.resize(HEAD, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    picture = np.full((height, width, 3), WALL, np.uint8)
    for x, y in places:
        left, top = x - round(CENTRE_PX * scale), y - round(CENTRE_PX * scale)
        picture[top : top + len(head), left : left + len(head)] = head
    return picture


def is_near(found: Detection, x: int, y: int, reach: int) -> bool:
    box = found.box
    return abs(box.left + box.width / 2 - x) < reach and abs(box.top + box.height / 2 - y) < reach


PLACES = [(201, 187), (418, 303), (733, 401)]


@pytest.mark.parametrize(("face_px", "scale"), [(42, 2.0), (66, 2.0), (84, 1.0), (130, 1.0), (130, 0.6)])
def test_each_face_is_found_once_and_where_it_is(detector: HogDetector, face_px: int, scale: float) -> None:
    found = detector.find(crowd(face_px, PLACES), scale)
    assert len(found) == 3
    for x, y in PLACES:
        assert sum(is_near(detection, x, y, face_px // 5) for detection in found) == 1


def test_a_face_below_the_asked_size_is_not_looked_for(detector: HogDetector) -> None:
    assert detector.find(crowd(42, PLACES), 1.0) == []


def test_scores_and_boxes_are_dlib_s(detector: HogDetector) -> None:
    picture = crowd(84, PLACES)
    rectangles, scores, _ = dlib.get_frontal_face_detector().run(picture, 0, 0.0)
    found = detector.find(picture)
    assert len(found) == len(rectangles) == 3
    for rectangle, score in zip(rectangles, scores, strict=True):
        (same,) = (f for f in found if is_near(f, rectangle.center().x, rectangle.center().y, 10))
        assert same.score == pytest.approx(score, abs=0.5)
        assert same.box.width == pytest.approx(rectangle.width(), rel=0.2)


def test_the_filters_alone_rank_faces_far_above_all_else() -> None:
    filters = FaceFilters(dlib.get_frontal_face_detector())
    grey = cv2.cvtColor(crowd(42, PLACES), cv2.COLOR_RGB2GRAY)
    proposals = filters.propose(np.asarray(grey, np.uint8))
    clearest = sorted((proposal.x, proposal.y) for proposal in proposals[:3])
    assert np.abs(np.subtract(clearest, PLACES)).max() < 10
    assert proposals[2].score > -0.3
    assert all(proposal.score < -0.6 for proposal in proposals[3:])


def test_dlib_looks_only_where_a_face_is_proposed(detector: HogDetector, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[int] = []
    seen = detector._dlib

    def run(pixels: Pixels, upsample: int, threshold: float) -> Any:
        looked.append(pixels.shape[0] * pixels.shape[1])
        return seen.run(pixels, upsample, threshold)

    monkeypatch.setattr(detector, "_dlib", SimpleNamespace(run=run))
    detector.find(np.full((640, 960, 3), WALL, np.uint8), 2.0)
    assert looked == []
    detector.find(crowd(42, PLACES), 2.0)
    assert sum(looked) < 0.2 * 4 * 640 * 960
    looked.clear()
    everywhere = [(x, y) for x in range(60, 900, 60) for y in range(60, 580, 60)]
    detector.find(crowd(42, everywhere), 2.0)
    assert looked == [4 * 640 * 960], "many small looks would cost more than a whole one"


def test_a_continued_edge_shows_a_face_that_is_cut_off(detector: HogDetector) -> None:
    tight = cv2.resize(ASTRONAUT[87:168, 182:263], (300, 300))
    assert detector.find(tight, 1.0) == []
    (found,) = detector.find(tight, 1.0, border=0.25)
    assert is_near(found, 150, 130, 60)


@pytest.mark.parametrize("shape", [(40, 40), (41, 300), (400, 40)])
def test_small_pictures_hold_no_face(detector: HogDetector, shape: tuple[int, int]) -> None:
    noise = np.random.default_rng(5).integers(0, 255, (*shape, 3)).astype(np.uint8)
    assert detector.find(noise, 2.0) == []
    assert detector.find(noise, 0.3) == []


def test_another_detector_s_weights_are_refused() -> None:
    other: Any = SimpleNamespace(__getstate__=lambda: (b"\x01\x03" * 40,))
    with pytest.raises(UnknownModel, match="head of a detector"):
        FaceFilters(other)


def test_boxes_are_of_the_picture_and_not_of_the_search(detector: HogDetector) -> None:
    (found,) = detector.find(cv2.resize(HEAD, None, fx=4, fy=4), 0.25)
    assert is_near(found, 4 * CENTRE_PX, 4 * CENTRE_PX, 40)
    assert isinstance(found.box, Box)
    assert found.box.width == pytest.approx(4 * FACE_PX, rel=0.2)
