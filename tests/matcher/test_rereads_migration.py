"""Migration of a version 0012 database: its photos keep their faces and matches until they are reread."""

from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

from sqlalchemy import Engine, text

from matcher_service.domain import ENGINE_VERSION
from tests.harness.databases import VAULT
from tests.harness.migrations import downgrade, upgrade
from tests.matcher.looks import STEP, Look, LooksWorld, show
from tests.matcher.rereads import read_again
from tests.unit.matching_rules import encode

INSERTS = """
INSERT INTO matcher.events (id, closed, last_number, indexed_count, face_count) VALUES (:event, false, 2, 2, 2);
INSERT INTO matcher.memberships VALUES (:event, :guest, 'guest');
INSERT INTO matcher.people (event_id, person_id, user_id, revision, encodings)
VALUES (:event, :guest, :guest, 1, :selfie)
"""
PHOTO = """
INSERT INTO matcher.photos (id, event_id, number, sha256, filename, size_bytes, content_type, state, upload_key,
    thumb_key, width, height, face_count, engine_version)
VALUES (:photo, :event, :engine, CAST(:key AS bytea), 'a.jpg', 1, 'image/jpeg', 'indexed', :key, 'a', 4, 3, 1, :engine);
INSERT INTO matcher.photo_events VALUES (:photo, :event);
INSERT INTO matcher.faces VALUES (:event, :photo, 0, 1, :face, 0, 0, 80, 80, 80, 100, 100, 0);
INSERT INTO matcher.matches (event_id, person_id, photo_id, face_no, distance, created_at, sorted_at)
SELECT event_id, :guest, id, 0, 0.5, created_at, sorted_at FROM matcher.photos WHERE id = :photo
"""


def test_only_photos_of_an_older_engine_are_reread(make_db: Callable[[str], Engine], tmp_path: Path) -> None:
    db = make_db("matcher")
    ids = {name: uuid4() for name in ("event", "guest")}
    photos = {engine: uuid4() for engine in (1, ENGINE_VERSION)}
    world = LooksWorld(db, tmp_path)

    def execute(statements: str, **values: object) -> None:
        with db.begin() as connection:
            for statement in statements.split(";\n"):
                connection.execute(text(statement), {**ids, **values})

    downgrade(db, "matcher", "0012")
    execute(INSERTS, selfie=encode((0,)))
    for engine, photo in photos.items():
        key = world.blobs.new_key()
        world.blobs.put(key, show([Look(-6)]))  # the newer engine sees it at 5
        execute(PHOTO, photo=photo, engine=engine, key=key, face=encode((-6 * STEP,)))
    upgrade(db, "matcher")
    assert world.found(ids["guest"]) == set(photos.values())
    world.rereader = world.make_rereader(read_again)
    while world.rereader.step():
        assert world.found(ids["guest"]) == set(photos.values())
    assert world.found(ids["guest"]) == set(photos.values())
    with db.begin() as connection:
        query = text("SELECT photo_id, penalty, encoding FROM matcher.faces")
        seal = VAULT.of_event(ids["event"])
        faces = {row.photo_id: seal.open(bytes(row.encoding)) for row in connection.execute(query)}
    assert faces == {photos[1]: encode((5 * STEP,)), photos[ENGINE_VERSION]: encode((-6 * STEP,))}
