"""Face penalties: added to distances wherever photos and people are compared, and null in old rows."""

from collections.abc import Callable
from uuid import uuid4

import numpy as np
import pytest
from sqlalchemy import Engine, text

from kit.faces.types import Box, Quality
from matcher_service.faces import FIRST_FACE
from matcher_service.index import make_faces
from matcher_service.matching import find_penalty
from matcher_service.reading import FaceReading, Reading
from matcher_service.store import FaceStore
from tests.harness.migrations import downgrade, upgrade
from tests.matcher.scripted_photos import person
from tests.matcher.world import World

INSERTS = """
INSERT INTO matcher.events (id, closed, last_number, indexed_count, version) VALUES (:event, false, 1, 1, 1);
INSERT INTO matcher.photos (id, event_id, number, sha256, filename, size_bytes, content_type, state, upload_key)
VALUES (:photo, :event, 1, sha256('a'), 'a.jpg', 1, 'image/jpeg', 'indexed', 'upload');
INSERT INTO matcher.faces (event_id, photo_id, face_no, version, encoding, "left", top, width, height, size_px,
    sharpness, brightness, yaw)
VALUES (:event, :photo, 0, 1, :encoding, 0, 0, 35, 35, 35, 100, 100, 0)
"""


def test_a_face_read_by_an_earlier_version_has_no_penalty(make_db: Callable[[str], Engine]) -> None:
    db = make_db("matcher")
    ids = {"event": uuid4(), "photo": uuid4()}
    downgrade(db, "matcher", "0010")
    with db.begin() as connection:
        for statement in INSERTS.split(";\n"):
            connection.execute(text(statement), {**ids, "encoding": person(1)})
    upgrade(db, "matcher")
    page = FaceStore(db).read_page(ids["event"], FIRST_FACE, 1, 10)
    (found,) = make_faces(1, page).find(person(1), 0.55)
    assert (found.photo_id, found.distance) == (ids["photo"], 0.0)
    with db.begin() as connection:
        row = connection.execute(text("SELECT penalty, sure FROM matcher.faces")).one()
    assert (row.penalty, row.sure) == (0.0, True)


DISTANCE = 0.585  # from person 1; the tolerance is 0.6


def read_one_face(size_px: int, is_sure: bool) -> Callable[[bytes], Reading]:
    """Makes a reader that finds one face, at `DISTANCE` from person 1, in any photo."""
    encoding = np.frombuffer(person(1), "<f4").copy()
    encoding[-1] += DISTANCE
    quality = Quality(size_px, 100.0, 120.0, 0.0)
    face = FaceReading(Box(0, 0, size_px, size_px), encoding.astype("<f4").tobytes(), quality, is_sure)
    return lambda data: Reading(width=1200, height=800, faces=(face,), preview_jpeg=data, thumb_jpeg=data)


@pytest.mark.parametrize("is_first", [True, False], ids=["photo first", "selfie first"])
@pytest.mark.parametrize(
    ("size_px", "is_sure", "distance"), [(80, True, DISTANCE), (72, True, 0.595), (80, False, None), (32, True, None)]
)
def test_a_penalty_applies_whether_photo_or_selfie_comes_first(
    world: World, size_px: int, is_sure: bool, distance: float | None, is_first: bool
) -> None:
    event = world.event()
    guest = world.join(event)
    world.indexer = world.make_indexer(read_one_face(size_px, is_sure))
    steps = [lambda: world.add(event, 1), lambda: world.rematch(event, guest, 1, 1)]
    for step in steps if is_first else reversed(steps):
        step()
    with world.db.begin() as connection:
        found = list(connection.execute(text("SELECT distance FROM matcher.matches")).scalars())
        assert connection.execute(text("SELECT sure FROM matcher.faces")).scalar_one() == is_sure
    assert found == ([] if distance is None else [pytest.approx(distance, abs=1e-5)])


def test_a_restored_photo_is_compared_with_its_penalty(world: World) -> None:
    event = world.event()
    guest = world.join(event)
    world.indexer = world.make_indexer(read_one_face(72, is_sure=True))
    photo = world.add(event, 1)
    world.rematch(event, guest, 1, 1)
    world.matches.refuse_match(guest, photo)
    world.matches.restore_match(guest, photo)
    with world.db.begin() as connection:
        assert connection.execute(text("SELECT distance FROM matcher.matches")).scalar_one() == pytest.approx(0.595)


@pytest.mark.parametrize(
    ("size_px", "is_sure", "penalty"),
    [(80, True, 0.0), (300, True, 0.0), (32, True, 0.06), (20, True, 0.06), (56, True, 0.03), (80, False, 0.02)],
)
def test_small_and_uncertain_faces_have_a_penalty(size_px: int, is_sure: bool, penalty: float) -> None:
    assert find_penalty(size_px, is_sure) == pytest.approx(penalty)
    assert find_penalty(size_px, is_sure) == np.float32(find_penalty(size_px, is_sure)), "as it is stored"
