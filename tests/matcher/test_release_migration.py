"""Migration of a version 0004 database: its events are released, offer originals, and can hold photos back."""

from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

from sqlalchemy import Engine, text

from kit.db.pages import Page
from matcher_service.domain import Download
from matcher_service.store import ReleaseStore
from tests.harness.migrations import downgrade, upgrade
from tests.matcher.scripted_photos import person
from tests.matcher.world import World

INSERTS = """
INSERT INTO matcher.events (id, name, closed, last_number, indexed_count) VALUES (:event, 'Wedding', false, 1, 1);
INSERT INTO matcher.memberships VALUES (:event, :organiser, 'organiser'), (:event, :guest, 'guest');
INSERT INTO matcher.people (event_id, person_id, user_id, revision, encodings)
VALUES (:event, :guest, :guest, 1, :encoding);
INSERT INTO matcher.photos (id, event_id, number, sha256, filename, size_bytes, content_type, state, upload_key,
    thumb_key, width, height)
VALUES (:photo, :event, 1, '\\x01', 'a.jpg', 1, 'image/png', 'indexed', 'a', 'a', 4, 3);
INSERT INTO matcher.photo_events VALUES (:photo, :event);
INSERT INTO matcher.matches (event_id, person_id, photo_id, created_at, sorted_at)
SELECT event_id, :guest, id, created_at, sorted_at FROM matcher.photos
"""


def test_events_of_the_previous_version_are_released(make_db: Callable[[str], Engine], tmp_path: Path) -> None:
    db = make_db("matcher")
    ids = {name: uuid4() for name in ("event", "organiser", "guest", "photo")}
    downgrade(db, "matcher", "0004")
    with db.begin() as connection:
        for statement in INSERTS.split(";\n"):
            connection.execute(text(statement), {**ids, "encoding": person(1)})
    upgrade(db, "matcher")
    world, event, guest = World(db, tmp_path), ids["event"], ids["guest"]
    assert world.seen(event, guest) == {ids["photo"]: True}
    (match,), _ = world.match_store.list_matches(guest, event, Page("", 50, None))
    assert match.download is Download.ORIGINAL
    assert not ReleaseStore(db).release_due()
    world.offer(event, True)
    assert world.seen(event, guest) == {}
    # Rows as written by a process of the previous version that still runs alongside this one.
    with db.begin() as connection:
        connection.execute(text("INSERT INTO matcher.events (id, closed) VALUES (:id, false)"), {"id": uuid4()})
