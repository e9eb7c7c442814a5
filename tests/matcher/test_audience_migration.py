"""Migration of a version 0003 database: guests keep what they saw, and photos marked hidden become hidden."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Engine, text

from kit.db.pages import Page
from matcher_service.domain import Listing, Visibility
from tests.harness.migrations import downgrade, upgrade
from tests.matcher.party import check
from tests.matcher.scripted_photos import JPEG, JPEG_END, person
from tests.matcher.world import World

FILE = JPEG + JPEG_END
PHOTOS = ("mine", "refused", "marked", "other")
INSERTS = """
INSERT INTO matcher.events (id, closed, last_number, indexed_count) VALUES (:event, false, 4, 4);
INSERT INTO matcher.memberships VALUES (:event, :organiser, 'organiser'), (:event, :guest, 'guest');
INSERT INTO matcher.people VALUES (:event, :guest, 1, :encoding, :guest);
INSERT INTO matcher.photos (id, event_id, number, sha256, filename, size_bytes, content_type, state, upload_key,
    thumb_key, medium_key, preview_key, original_key, width, height, uploader_id, visibility)
SELECT photo, :event, n, sha256(CAST(:file || CAST(CAST(n AS text) AS bytea) AS bytea)), 'a.jpg', length(:file),
    'image/png', 'indexed', key, key, key, key, key, 4, 3, :organiser,
    CASE WHEN photo = :marked THEN 'hidden' ELSE 'matched' END
FROM unnest(CAST(:photos AS uuid[]), CAST(:keys AS text[])) WITH ORDINALITY AS p (photo, key, n);
INSERT INTO matcher.photo_events SELECT id, event_id FROM matcher.photos;
INSERT INTO matcher.matches (event_id, person_id, photo_id, created_at, sorted_at)
SELECT event_id, :guest, id, created_at, sorted_at FROM matcher.photos WHERE id IN (:mine, :marked);
INSERT INTO matcher.refusals VALUES (:event, :guest, :refused, 0);
"""


class Before:
    """A version 0003 database and the members in it."""

    def __init__(self, db: Engine, folder: Path) -> None:
        self._db = db
        self.ids = {name: uuid4() for name in ("event", "organiser", "guest", *PHOTOS)}
        downgrade(db, "matcher", "0003")
        self.world = World(db, folder)
        keys = [self.world.blobs.new_key() for _ in PHOTOS]
        for key in keys:
            self.world.blobs.put(key, FILE)
        values: dict[str, Any] = {**self.ids, "file": FILE, "encoding": person(1), "keys": keys}
        values["photos"] = [self.ids[name] for name in PHOTOS]
        with db.begin() as connection:
            for statement in INSERTS.split(";\n"):
                if statement.strip():
                    connection.execute(text(statement), values)
        upgrade(db, "matcher")


@pytest.fixture
def before(make_db: Callable[[str], Engine], tmp_path: Path) -> Before:
    return Before(make_db("matcher"), tmp_path)


def test_guests_keep_their_photos_and_marked_photos_are_hidden(before: Before) -> None:
    ids, world = before.ids, before.world
    assert world.seen(ids["event"], ids["guest"]) == {ids["mine"]: True}
    world.audience.set_visibility(ids["organiser"], ids["event"], [ids["marked"], ids["other"]], Visibility.EVERYONE)
    assert world.seen(ids["event"], ids["guest"]) == {ids["mine"]: True, ids["marked"]: True, ids["other"]: False}
    world.audience.ask_to_hide(ids["guest"], ids["mine"])
    assert world.seen(ids["event"], ids["guest"]) == {ids["marked"]: True, ids["other"]: False}


def test_organisers_still_list_all_photos(before: Before) -> None:
    ids = before.ids
    photos, total = before.world.photos.list_photos(ids["organiser"], ids["event"], Page("", 50, None), Listing())
    assert (total, {photo.id for photo in photos}) == (4, {ids[name] for name in PHOTOS})
    assert {(photo.uploader_id, photo.colour, photo.hide_requests) for photo in photos} == {(ids["organiser"], None, 0)}
    assert {photo.id for photo in photos if photo.visibility is Visibility.HIDDEN} == {ids["marked"]}


def test_no_table_contradicts_another_after_the_migration(before: Before) -> None:
    assert [found for found in check(before.world) if not found.startswith(("upload", "picture"))] == []
