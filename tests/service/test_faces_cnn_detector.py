"""The CNN detector finds what dlib's own finds."""

import itertools

import dlib
import numpy as np
import pytest
from skimage import data as samples

from kit.faces import models
from kit.faces.cnn_detector import CnnDetector
from kit.faces.decode import Pixels
from kit.faces.engine import Engine
from kit.faces.pyramid import Pyramid

ASTRONAUT: Pixels = samples.astronaut()  # type: ignore[no-untyped-call]
# dlib takes a third of a second for it.
AROUND_FACE = np.ascontiguousarray(ASTRONAUT[:220, 120:330])


@pytest.fixture(scope="module")
def detector() -> CnnDetector:
    return CnnDetector()


def test_boxes_and_scores_are_those_of_dlib(detector: CnnDetector) -> None:
    found = detector.find(AROUND_FACE)
    theirs = dlib.cnn_face_detection_model_v1(str(models.find_model(models.CNN_DETECTOR)))(AROUND_FACE, 0)
    assert len(found) == len(theirs) == 1
    box, expected = found[0].box, theirs[0].rect
    sides = expected.left(), expected.top(), expected.width(), expected.height()
    assert (box.left, box.top, box.width, box.height) == pytest.approx(sides, abs=1)
    assert found[0].score == pytest.approx(theirs[0].confidence, abs=1e-4)


@pytest.mark.parametrize("size", [(1, 1, 3), (5, 300, 3), (300, 5, 3), (79, 81, 3)])
def test_a_picture_too_small_for_a_face_has_none(detector: CnnDetector, size: tuple[int, int, int]) -> None:
    assert detector.find(np.full(size, 128, np.uint8)) == []


def test_the_engine_searches_with_it_at_any_scale() -> None:
    engine = Engine(detector="cnn")
    whole, half, bordered = (engine.detect(AROUND_FACE, *how)[0].box for how in [(1.0,), (2.0,), (1.0, 0.25)])
    for box in (half, bordered):
        # From one level of the pyramid to the next a box grows by a fifth.
        assert box.width == pytest.approx(whole.width, abs=20)
        assert box.left + box.width / 2 == pytest.approx(whole.left + whole.width / 2, abs=10)
        assert box.top + box.height / 2 == pytest.approx(whole.top + whole.height / 2, abs=10)


@pytest.mark.parametrize("size", [(500, 375), (375, 500), (1080, 1920), (90, 300), (300, 90), (1000, 1000)])
def test_the_levels_of_a_pyramid_lie_apart_within_its_picture(size: tuple[int, int]) -> None:
    pyramid = Pyramid(*size)
    assert pyramid.tiles[0][2:] == size[::-1]
    for tile in pyramid.tiles:
        assert 11 <= tile.left <= tile.left + tile.width <= pyramid.width - 11
        assert 11 <= tile.top <= tile.top + tile.height <= pyramid.height - 11
    for one, other in itertools.combinations(pyramid.tiles, 2):
        beside = one.left + one.width <= other.left or other.left + other.width <= one.left
        assert beside or one.top + one.height < other.top or other.top + other.height < one.top


def test_a_pyramid_shows_the_picture_at_every_level() -> None:
    ramp = np.broadcast_to(np.linspace(0, 1, 400, dtype=np.float32), (3, 300, 400))
    pyramid = Pyramid(300, 400)
    canvas = pyramid.paint(ramp)
    assert canvas.shape == (3, pyramid.height, pyramid.width)
    for tile in pyramid.tiles:
        level = canvas[:, tile.top : tile.top + tile.height, tile.left : tile.left + tile.width]
        assert np.allclose(level, np.linspace(0, 1, tile.width, dtype=np.float32), atol=1e-4)
        assert pyramid.nearest(tile.left + 1, tile.top + 1)[0] == tile
