"""Migration of a version 0010 database: its matches are unchanged until its events are settled, which happens."""

from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid4

from sqlalchemy import Engine, text

from tests.harness.migrations import downgrade, upgrade
from tests.matcher.looks import STEP, LooksWorld
from tests.unit.matching_rules import encode

EVENT = """
INSERT INTO matcher.events (id, closed, last_number, indexed_count, face_count) VALUES (:event, false, 4, 4, 4);
INSERT INTO matcher.events (id, closed) VALUES (:empty, false);
INSERT INTO matcher.memberships VALUES (:event, :guest, 'guest'), (:event, :other, 'guest');
"""
PERSON = """
INSERT INTO matcher.people (event_id, person_id, user_id, revision, encodings)
VALUES (:event, :user, :user, 1, :encoding)
"""
PHOTO = """
INSERT INTO matcher.photos (id, event_id, number, sha256, filename, size_bytes, content_type, state, upload_key,
    thumb_key, width, height, face_count)
VALUES (:photo, :event, :number, CAST(:number AS text)::bytea, 'a.jpg', 1, 'image/png', 'indexed', 'a', 'a', 4, 3, 1);
INSERT INTO matcher.photo_events VALUES (:photo, :event);
INSERT INTO matcher.faces VALUES (:event, :photo, 0, 1, :encoding, 0, 0, 80, 80, 80, 100, 100, 0)
"""
MATCH = """
INSERT INTO matcher.matches (event_id, person_id, photo_id, face_no, distance, created_at, sorted_at)
SELECT event_id, :user, id, 0, 0.5, created_at, sorted_at FROM matcher.photos WHERE id = :photo
"""


def test_events_of_the_previous_version_are_settled(make_db: Callable[[str], Engine], tmp_path: Path) -> None:
    db = make_db("matcher")
    ids = {name: uuid4() for name in ("event", "empty", "guest", "other")}
    photos = {place: uuid4() for place in (-12, -6, -5, 7)}

    def execute(statements: str, **values: object) -> None:
        with db.begin() as connection:
            for statement in filter(str.strip, statements.split(";\n")):
                connection.execute(text(statement), {**ids, **values})

    downgrade(db, "matcher", "0010")
    execute(EVENT)
    for user, place in ((ids["guest"], 0), (ids["other"], 12)):
        execute(PERSON, user=user, encoding=encode((place * STEP,)))
    for number, (place, photo) in enumerate(photos.items(), 1):
        execute(PHOTO, photo=photo, number=number, encoding=encode((place * STEP,)))
    direct: dict[UUID, set[int]] = {ids["guest"]: {-6, -5, 7}, ids["other"]: {7}}
    for user, places in direct.items():
        for place in places:
            execute(MATCH, user=user, photo=photos[place])
    upgrade(db, "matcher")
    world = LooksWorld(db, tmp_path)
    for user, places in direct.items():
        assert world.found(user) == {photos[place] for place in places}
    assert world.settlement_store.read_queue()[0] == 1, "the empty event has nothing to settle"
    world.settle_all()
    assert world.found(ids["guest"]) == {photos[place] for place in (-12, -6, -5)}
    assert world.found(ids["other"]) == {photos[7]}
