"""Migration of a version 0007 database: its photos have neither new versions nor cameras, and accept both."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from sqlalchemy import Engine, text

from kit.db.pages import Page
from matcher_service.domain import Listing, PhotoOrder
from tests.harness.migrations import downgrade, upgrade
from tests.matcher.cameras import CANON, NOON, add_taken
from tests.matcher.party import check
from tests.matcher.scripted_photos import JPEG, JPEG_END
from tests.matcher.world import World

FILE = JPEG + JPEG_END
INSERTS = """
INSERT INTO matcher.events (id, closed, last_number, indexed_count) VALUES (:event, false, 1, 1);
INSERT INTO matcher.memberships VALUES (:event, :organiser, 'organiser'), (:event, :guest, 'guest');
INSERT INTO matcher.photos (id, event_id, number, sha256, filename, size_bytes, content_type, state, upload_key,
    thumb_key, medium_key, preview_key, original_key, width, height, uploader_id, visibility, taken_at)
VALUES (:photo, :event, 1, sha256(:file), 'a.jpg', length(:file), 'image/png', 'indexed', :key, :key, :key, :key, :key,
    4, 3, :organiser, 'everyone', :taken_at);
INSERT INTO matcher.photo_events SELECT id, event_id FROM matcher.photos;
"""


def test_existing_photos_are_unchanged_and_can_be_replaced(make_db: Callable[[str], Engine], tmp_path: Path) -> None:
    db = make_db("matcher")
    downgrade(db, "matcher", "0007")
    world = World(db, tmp_path)
    ids = {name: uuid4() for name in ("event", "organiser", "guest", "photo")}
    key = world.blobs.new_key()
    world.blobs.put(key, FILE)
    with db.begin() as connection:
        for statement in INSERTS.split(";\n"):
            if statement.strip():
                connection.execute(text(statement), {**ids, "file": FILE, "key": key, "taken_at": NOON})
    upgrade(db, "matcher")

    world.organiser = ids["organiser"]
    event, photo = ids["event"], ids["photo"]
    page, by_time = Page("", 50, None), Listing(PhotoOrder.TAKEN)
    (listed,), _ = world.photos.list_photos(world.organiser, event, page, by_time)
    assert (listed.id, listed.new_version, listed.taken_at) == (photo, None, NOON)
    [unknown] = world.cameras.list_cameras(world.organiser, event)
    assert (unknown.id, unknown.photo_count, unknown.first_at) == (None, 1, NOON)
    assert set(world.seen(event, ids["guest"])) == {photo}

    assert add_taken(world, event, CANON, 30, name="a.jpg", replaces=True) == photo
    (listed,), _ = world.photos.list_photos(world.organiser, event, page, by_time)
    assert (listed.id, listed.taken_at) == (photo, NOON), "it keeps its position"
    [camera] = world.cameras.list_cameras(world.organiser, event)
    assert camera.id
    world.cameras.set_offset(world.organiser, event, camera.id, 60)
    (listed,), _ = world.photos.list_photos(world.organiser, event, page, by_time)
    assert listed.taken_at == NOON + timedelta(minutes=1)
    world.sweep()
    assert check(world) == []
