"""Migration of a version 0004 database: its events accept no guest photos, and no photo belongs to a guest."""

from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

from sqlalchemy import Engine, text

from kit.db.pages import Page
from matcher_service.domain import GuestPhotos, Listing, Variant, Visibility
from tests.harness.migrations import downgrade, upgrade
from tests.matcher.party import check
from tests.matcher.scripted_photos import JPEG, JPEG_END
from tests.matcher.world import World

FILE = JPEG + JPEG_END
INSERTS = """
INSERT INTO matcher.events (id, closed, last_number, indexed_count) VALUES (:event, false, 1, 1);
INSERT INTO matcher.memberships VALUES (:event, :organiser, 'organiser'), (:event, :guest, 'guest');
INSERT INTO matcher.photos (id, event_id, number, sha256, filename, size_bytes, content_type, state, upload_key,
    thumb_key, medium_key, preview_key, original_key, width, height, uploader_id, visibility)
VALUES (:photo, :event, 1, sha256(:file), 'a.jpg', length(:file), 'image/png', 'indexed', :key, :key, :key, :key, :key,
    4, 3, :organiser, 'everyone');
INSERT INTO matcher.photo_events SELECT id, event_id FROM matcher.photos;
"""


def test_existing_events_and_photos_are_unchanged(make_db: Callable[[str], Engine], tmp_path: Path) -> None:
    db = make_db("matcher")
    downgrade(db, "matcher", "0004")
    world = World(db, tmp_path)
    ids = {name: uuid4() for name in ("event", "organiser", "guest", "photo")}
    key = world.blobs.new_key()
    world.blobs.put(key, FILE)
    with db.begin() as connection:
        for statement in INSERTS.split(";\n"):
            if statement.strip():
                connection.execute(text(statement), {**ids, "file": FILE, "key": key})
    upgrade(db, "matcher")

    event, organiser, guest, photo = ids["event"], ids["organiser"], ids["guest"], ids["photo"]
    page = Page("", 50, None)
    assert world.member_store.find_guest_photos(event) is GuestPhotos.OFF
    assert world.photos.list_photos(organiser, event, page, Listing(from_guests=True)) == ([], 0)
    (listed,), total = world.photos.list_uploads(organiser, event, page)
    assert (listed.id, listed.from_guest, listed.visibility, total) == (photo, False, Visibility.EVERYONE, 1)
    assert world.photo_store.find_shown(photo, guest, Variant.THUMB)
    assert [found for found in check(world) if not found.startswith(("upload", "picture"))] == []
