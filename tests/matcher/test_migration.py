"""Migration of version 0001 data to schema 0002: matching, listing, sending, counting and deleting still work."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, text

from kit.db.pages import Page
from matcher_service.domain import ChangeKind, IndexCounts, Variant
from matcher_service.reading import Reading
from tests.harness.migrations import downgrade, upgrade
from tests.matcher.party import check
from tests.matcher.scripted_photos import JPEG, JPEG_END, person, photo_of, read_script
from tests.matcher.world import World

PAGE = Page("test", 50, None)
INSERTS = """
INSERT INTO matcher.events (id, version, deleted_version, closed) VALUES (:event, 9, 2, false), (:other, 3, 0, true);
INSERT INTO matcher.memberships VALUES (:event, :organiser, 'organiser'), (:event, :guest, 'guest'),
    (:event, :forgotten, 'guest');
INSERT INTO matcher.guests VALUES (:event, :guest, 4, :encoding), (:event, :forgotten, 5, NULL);
INSERT INTO matcher.photos (id, event_id, sha256, filename, size_bytes, upload_key, thumb_key, preview_key,
    original_key, state, reason, width, height, face_count, taken_at, created_at)
VALUES
    (:late, :event, '\\x01', 'late.jpg', :size, :late_upload, 'ab/1', 'ab/2', :late_original, 'indexed', '', 40, 30, 2,
     '2026-06-20 10:00+0', '2026-06-21 10:00+0'),
    (:early, :event, '\\x02', 'early.jpg', 9, 'ab/4', 'ab/5', 'ab/6', 'ab/7', 'indexed', '', 40, 30, 1, NULL,
     '2026-06-20 09:00+0'),
    (:broken, :event, '\\x03', 'broken.jpg', 9, 'ab/8', NULL, NULL, NULL, 'failed', 'unreadable', 0, 0, 0, NULL,
     '2026-06-20 08:00+0'),
    (:waiting, :event, '\\x04', 'waiting.jpg', 9, :waiting_upload, NULL, NULL, NULL, 'pending', '', 0, 0, 0, NULL,
     '2026-06-20 07:00+0');
INSERT INTO matcher.faces (event_id, photo_id, version, encoding, "left", top, width, height, size_px, sharpness,
    brightness, yaw)
VALUES (:event, :late, 3, :encoding, 1, 2, 80, 81, 80, 1, 2, 3),
    (:event, :late, 3, :stranger, 5, 6, 82, 83, 82, 1, 2, 3),
    (:event, :early, 4, :encoding, 1, 2, 80, 81, 80, 1, 2, 3);
INSERT INTO matcher.matches VALUES (:guest, :late), (:guest, :early);
INSERT INTO matcher.blob_deletions (key) VALUES ('ab/gone');
INSERT INTO matcher.tombstones (id) VALUES (:buried);
UPDATE matcher.feed_cursor SET sequence = 42;
"""


class Before:
    """A version 0001 database and the members in it."""

    def __init__(self, db: Engine, folder: Path) -> None:
        self._db = db
        downgrade(db, "matcher", "0001")
        names = ("event", "other", "organiser", "guest", "forgotten", "late", "early", "broken", "waiting", "buried")
        self.ids: dict[str, UUID] = {name: uuid4() for name in names}
        self.keys = {name: f"{name[0] * 2}/".replace("l", "a").replace("w", "b").replace("o", "c") + uuid4().hex
                     for name in ("late_upload", "original_late", "waiting_upload")}  # fmt: skip
        self.upload = photo_of([1, 2], "late")
        self.write(folder, self.keys["late_upload"], self.upload)
        self.write(folder, self.keys["original_late"], JPEG + b"encoded again" + JPEG_END)
        self.write(folder, self.keys["waiting_upload"], photo_of([1], "waiting"))
        values: dict[str, Any] = {
            **self.ids,
            **self.keys,
            "late_original": self.keys["original_late"],
            "size": len(self.upload),
            "encoding": person(1),
            "stranger": person(2),
        }
        with db.begin() as connection:
            for statement in INSERTS.split(";\n"):
                if statement.strip():
                    connection.execute(text(statement), values)
        upgrade(db, "matcher")

    @staticmethod
    def write(folder: Path, key: str, data: bytes) -> None:
        path = folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def __getattr__(self, name: str) -> UUID:
        return self.ids[name]


@pytest.fixture
def before(make_db: Callable[[str], Engine], tmp_path: Path) -> Before:
    return Before(make_db("matcher"), tmp_path)


@pytest.fixture
def world(before: Before, tmp_path: Path) -> World:
    world = World(before._db, tmp_path)
    world.organiser = before.organiser
    return world


def rows(world: World, query: str) -> list[tuple[Any, ...]]:
    with world.db.begin() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def test_rows_keep_their_values(world: World, before: Before) -> None:
    assert world.member_store.cursor() == 42
    assert world.photo_store.count([before.event, before.other]) == {
        before.event: IndexCounts(before.event, 1, 2, 1, 3),
        before.other: IndexCounts(before.other, 0, 0, 0, 0),
    }
    photos, _ = world.photo_store.list_photos(before.event, PAGE)
    assert [photo.filename for photo in photos] == ["late.jpg", "early.jpg", "broken.jpg", "waiting.jpg"]
    assert rows(world, "SELECT filename, number FROM matcher.photos ORDER BY number") == [
        ("waiting.jpg", 1), ("broken.jpg", 2), ("early.jpg", 3), ("late.jpg", 4)]  # fmt: skip
    assert rows(world, 'SELECT face_no, version, width, "left" FROM matcher.faces ORDER BY version, face_no') == [
        (0, 3, 80, 1), (1, 3, 82, 5), (0, 4, 80, 1)]  # fmt: skip
    people = rows(
        world, "SELECT person_id = user_id, revision, encodings IS NULL FROM matcher.people ORDER BY revision"
    )
    assert people == [(True, 4, False), (True, 5, True)]
    assert rows(world, "SELECT last_number FROM matcher.events ORDER BY last_number") == [(0,), (4,)]


def test_guests_keep_their_photos_and_are_matched_again(world: World, before: Before) -> None:
    def seen() -> list[UUID]:
        return [match.photo_id for match in world.match_store.list_matches(before.guest, None, PAGE)[0]]

    assert seen() == [before.late, before.early]
    assert world.rematch(before.event, before.guest, 3, who=1) == "SUPERSEDED"
    assert world.rematch(before.event, before.guest, 5, who=2) == "DONE"
    assert seen() == [before.late]
    assert world.rematch(before.event, before.forgotten, 6, who=1) == "DONE"
    assert world.found(before.forgotten) == {before.late, before.early}
    world.index_all()
    assert before.waiting in world.found(before.forgotten)
    assert world.photo_store.count([before.event])[before.event] == IndexCounts(before.event, 0, 3, 1, 4)
    assert not set(check(world)) - {"upload_missing", "upload_damaged", "picture_missing", "young_orphan"}


def test_an_original_re_encoded_by_0001_is_replaced_by_a_new_upload(world: World, before: Before) -> None:
    def send() -> bytes:
        return b"".join(world.photos.open_photo(before.guest, before.late, Variant.ORIGINAL)[1].chunks)

    assert send() == JPEG + b"encoded again" + JPEG_END

    def read(data: bytes) -> Reading:
        return Reading(**{**vars_of(read_script(data)), "original_parts": ((0, 4), b"clean", (4, len(data)))})

    indexer = world.make_indexer(read)
    while indexer.step():
        pass
    assert send() == before.upload[:4] + b"clean" + before.upload[4:]
    sizes = {
        match.photo_id: match.original_bytes for match in world.match_store.list_matches(before.guest, None, PAGE)[0]
    }
    assert sizes[before.late] == len(send())
    world.sweep()
    assert before.keys["original_late"] not in world.files()
    assert before.keys["late_upload"] in world.files()


def vars_of(reading: Reading) -> dict[str, Any]:
    return {name: getattr(reading, name) for name in Reading.__dataclass_fields__}


def test_an_event_is_deleted_with_all_its_data(world: World, before: Before) -> None:
    world.change(ChangeKind.EVENT_DELETED, event_id=before.event)
    assert world.match_store.list_matches(before.guest, None, PAGE) == ([], 0)
    world.sweep()
    for table in ("photos", "photo_events", "faces", "matches", "people", "memberships"):
        assert world.count(table) == 0, table
    assert rows(world, "SELECT id FROM matcher.events") == [(before.other,)]
