"""Face detection with dlib's HOG: in a whole picture, or at a proposed position."""

import cv2
import numpy as np
import pytest

from kit.faces.detect.hog import HogDetector, Pixels
from kit.faces.types import Box
from tests.faces.crowds import ASTRONAUT, CENTRE_PX, FACE_PX, HEAD, PLACES, crowd, is_near


@pytest.fixture(scope="module")
def detector() -> HogDetector:
    return HogDetector()


@pytest.mark.parametrize(("face_px", "scale"), [(42, 2.0), (84, 1.0), (130, 0.6)])
def test_each_face_is_found_once_at_its_position(detector: HogDetector, face_px: int, scale: float) -> None:
    found = detector.find(crowd(face_px, PLACES), scale)
    assert len(found) == 3
    for x, y in PLACES:
        assert sum(is_near(detection, x, y, face_px // 5) for detection in found) == 1


def test_faces_below_the_requested_size_are_not_searched(detector: HogDetector) -> None:
    assert detector.find(crowd(42, PLACES), 1.0) == []


def square(x: int, y: int, side: int) -> Box:
    return Box(x - side // 2, y - side // 2, side, side)


@pytest.mark.parametrize("face_px", [36, 60, 90, 300])
def test_a_proposed_face_of_any_size_is_confirmed(detector: HogDetector, face_px: int) -> None:
    picture = crowd(face_px, [(401, 303)])
    found = detector.confirm(picture, square(401, 303, face_px))
    assert found is not None
    assert found.is_sure
    assert is_near(found, 401, 303, face_px // 5)
    assert found.box.width == pytest.approx(face_px, rel=0.25)


def test_neither_a_non_face_nor_a_neighbouring_face_is_confirmed(detector: HogDetector) -> None:
    picture = crowd(84, PLACES)
    x, y = PLACES[0]
    assert detector.confirm(picture, square(600, 120, 84)) is None
    assert detector.confirm(picture, square(x + 70, y, 84)) is None
    assert detector.confirm(picture, square(x, y, 84)) is not None, "the control"


def test_a_face_cut_off_at_the_edge_is_found_with_padding(detector: HogDetector) -> None:
    tight = cv2.resize(ASTRONAUT[91:164, 186:259], (300, 300))
    assert detector.find(tight, 1.0) == []
    (found,) = detector.find(tight, 1.0, border=0.25)
    assert is_near(found, 150, 130, 60)


@pytest.mark.parametrize("shape", [(40, 40), (41, 300), (400, 40)])
def test_small_pictures_contain_no_face(detector: HogDetector, shape: tuple[int, int]) -> None:
    noise: Pixels = np.random.default_rng(5).integers(0, 255, (*shape, 3)).astype(np.uint8)
    assert detector.find(noise, 2.0) == []
    assert detector.find(noise, 0.3) == []


def test_boxes_are_in_coordinates_of_the_picture_and_not_of_the_search(detector: HogDetector) -> None:
    (found,) = detector.find(cv2.resize(HEAD, None, fx=4, fy=4), 0.25)
    assert is_near(found, 4 * CENTRE_PX, 4 * CENTRE_PX, 40)
    assert found.box.width == pytest.approx(4 * FACE_PX, rel=0.2)
