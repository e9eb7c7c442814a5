"""Coordinates in a rotated picture map to those of the stored picture at full resolution."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from kit.faces.detect.detail import DETAIL_PX, encode_faces
from kit.faces.images.decode import Picture, Pixels
from kit.faces.images.turns import QUARTER_TURNS, turn, turn_back
from kit.faces.types import Box, Detection, Face, Quality


def mark(quarters: int) -> Face:
    """The face around the bright area of the rotated picture, with landmarks in its corners."""
    turned = turn(marked(), quarters)
    rows, columns = np.nonzero(turned)
    left, top, right, bottom = columns.min(), rows.min(), columns.max(), rows.max()
    points = np.array([(left, top), (right, top), (left, bottom), (right, bottom), (left, top)], np.float32)
    box = Box(int(left), int(top), int(right - left + 1), int(bottom - top + 1))
    return Face(box, points, np.zeros(128, np.float32), Quality(10, 1.0, 1.0, 0.0))


def marked() -> Pixels:
    pixels = np.zeros((50, 80), np.uint8)
    pixels[7:19, 30:40] = 255
    return pixels


@pytest.mark.parametrize("quarters", [0, *QUARTER_TURNS])
def test_a_face_found_in_a_rotated_picture_is_mapped_back(quarters: int) -> None:
    face = turn_back(mark(quarters), quarters, 80, 50)
    assert face.box == Box(30, 7, 10, 12)
    corners = {tuple(point) for point in face.landmarks.tolist()}
    assert corners == {(30.0, 7.0), (39.0, 7.0), (30.0, 18.0), (39.0, 18.0)}


class ScriptedEngine:
    """Encodes each box and records its arguments."""

    def __init__(self) -> None:
        self.asked: list[tuple[tuple[int, ...], list[Box], float]] = []

    def encode(self, pixels: Pixels, boxes: Sequence[Box], zoom: float = 1.0) -> list[Face]:
        self.asked.append((pixels.shape, list(boxes), zoom))
        none = np.zeros(128, np.float32)
        return [
            Face(box, np.full((5, 2), box.left, np.float32), none, Quality(box.width, 9.0, 9.0, 0.0)) for box in boxes
        ]


def found(*boxes: Box) -> list[Detection]:
    return [Detection(box, 1.0) for box in boxes]


def picture(edge: int = 500, is_refinable: bool = True) -> Picture:
    return Picture(np.zeros((edge * 3 // 4, edge, 3), np.uint8), 4000, 3000, is_refinable=is_refinable)


def test_a_large_face_is_encoded_from_the_pixels_used_for_detection() -> None:
    engine: Any = ScriptedEngine()
    (face,) = encode_faces(engine, picture(), found(Box(50, 20, DETAIL_PX, DETAIL_PX)), pytest.fail)
    assert engine.asked == [((375, 500, 3), [Box(50, 20, DETAIL_PX, DETAIL_PX)], 8.0)]
    assert (face.box, face.quality.size_px) == (Box(400, 160, 8 * DETAIL_PX, 8 * DETAIL_PX), 8 * DETAIL_PX)
    assert face.landmarks.tolist() == [[400.0, 400.0]] * 5


def test_a_small_face_is_encoded_from_a_finer_decoding() -> None:
    engine: Any = ScriptedEngine()
    edges: list[int] = []

    def again(edge: int) -> Picture:
        edges.append(edge)
        return picture(2000)

    (large, small) = encode_faces(engine, picture(), found(Box(100, 100, 200, 200), Box(10, 20, 40, 40)), again)
    assert edges == [500 * DETAIL_PX // 40]
    assert engine.asked == [((1500, 2000, 3), [Box(400, 400, 800, 800), Box(40, 80, 160, 160)], 2.0)]
    assert (large.box, small.box) == (Box(800, 800, 1600, 1600), Box(80, 160, 320, 320))


def test_a_face_is_encoded_as_it_is_if_no_finer_decoding_exists() -> None:
    engine: Any = ScriptedEngine()
    encode_faces(engine, picture(is_refinable=False), found(Box(10, 20, 40, 40)), pytest.fail)
    assert engine.asked[0][2] == 8.0
    assert encode_faces(engine, picture(), [], pytest.fail) == []


def test_an_encoded_face_keeps_its_detection_confidence() -> None:
    engine: Any = ScriptedEngine()
    both = [Detection(Box(100, 100, 200, 200), 1.0), Detection(Box(10, 20, 40, 40), 0.5, is_sure=False)]
    faces = encode_faces(engine, picture(is_refinable=False), both, pytest.fail, quarters=1)
    assert [face.is_sure for face in faces] == [True, False]
