"""Migration of a version 0002 database: photos are served as before, with the preview where there is no medium size."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, text

from kit.db.pages import Page
from matcher_service.domain import Listing, ShownPhoto, Variant
from tests.harness.migrations import downgrade, upgrade
from tests.matcher.party import check
from tests.matcher.scripted_photos import JPEG, JPEG_END, person
from tests.matcher.world import World

PAGE = Page("test", 50, None)
UPLOAD = JPEG + bytes(100) + JPEG_END
INSERTS = """
INSERT INTO matcher.events (id, closed, last_number, indexed_count) VALUES (:event, false, 2, 2);
INSERT INTO matcher.memberships VALUES (:event, :organiser, 'organiser'), (:event, :guest, 'guest');
INSERT INTO matcher.people VALUES (:event, :guest, 1, :encoding, :guest);
INSERT INTO matcher.photos (id, event_id, number, sha256, filename, size_bytes, content_type, state, upload_key,
    thumb_key, preview_key, original_key, original_parts)
VALUES
    (:jpeg, :event, 1, sha256(:upload), 'a.jpg', length(:upload), 'image/jpeg', 'indexed', :jpeg_upload, :jpeg_thumb,
     :jpeg_preview, NULL, '[[0, 4], "bWV0YQ==", [100, 106]]'),
    (:png, :event, 2, sha256(:upload || 'x'), 'b.png', length(:upload) + 1, 'image/png', 'indexed', :png_upload,
     :png_thumb, :png_preview, :png_original, NULL);
INSERT INTO matcher.photo_events SELECT id, event_id FROM matcher.photos;
INSERT INTO matcher.matches (event_id, person_id, photo_id, created_at, sorted_at)
SELECT event_id, :guest, id, created_at, sorted_at FROM matcher.photos;
"""


class Before:
    """A version 0002 database, its files, and its members."""

    def __init__(self, db: Engine, folder: Path) -> None:
        self._db = db
        self.ids = {name: uuid4() for name in ("event", "organiser", "guest", "jpeg", "png")}
        downgrade(db, "matcher", "0002")
        self.world = World(db, folder)
        names = ("jpeg_upload", "jpeg_thumb", "jpeg_preview", "png_upload", "png_thumb", "png_preview", "png_original")
        self.files = dict.fromkeys(names, b"") | {
            name: JPEG + name.encode() + JPEG_END for name in names if not name.endswith("upload")
        }
        self.files |= {"jpeg_upload": UPLOAD, "png_upload": UPLOAD + b"x"}
        self.keys = {name: self.world.blobs.new_key() for name in names}
        for name, key in self.keys.items():
            self.world.blobs.put(key, self.files[name])
        values: dict[str, Any] = {**self.ids, **self.keys, "upload": UPLOAD, "encoding": person(1)}
        with db.begin() as connection:
            for statement in INSERTS.split(";\n"):
                if statement.strip():
                    connection.execute(text(statement), values)
        upgrade(db, "matcher")

    def open(self, photo: UUID, variant: Variant) -> tuple[ShownPhoto, bytes]:
        shown, picture = self.world.photos.open_photo(self.ids["guest"], photo, variant)
        return shown, b"".join(picture.chunks)


@pytest.fixture
def before(make_db: Callable[[str], Engine], tmp_path: Path) -> Before:
    return Before(make_db("matcher"), tmp_path)


@pytest.mark.parametrize("name", ["jpeg", "png"])
def test_the_preview_is_sent_if_there_is_no_medium_size(before: Before, name: str) -> None:
    photo = before.ids[name]
    medium, sent = before.open(photo, Variant.MEDIUM)
    preview, expected = before.open(photo, Variant.PREVIEW)
    assert sent == expected == before.files[f"{name}_preview"]
    assert medium.version == preview.version != ""
    matches, _ = before.world.match_store.list_matches(before.ids["guest"], None, PAGE, Listing())
    listed = next(match for match in matches if match.photo_id == photo)
    assert listed.versions == {variant: before.open(photo, variant)[0].version for variant in Variant}


def test_the_size_of_an_original_is_known_where_it_can_be_derived(before: Before) -> None:
    matches, _ = before.world.match_store.list_matches(before.ids["guest"], None, PAGE, Listing())
    sizes = {match.photo_id: match.original_bytes for match in matches}
    sent = before.open(before.ids["jpeg"], Variant.ORIGINAL)[1]
    assert sizes == {before.ids["jpeg"]: len(sent), before.ids["png"]: 0}


def test_originals_are_sent_as_before(before: Before) -> None:
    assert before.open(before.ids["jpeg"], Variant.ORIGINAL)[1] == JPEG + b"meta" + UPLOAD[100:]
    assert before.open(before.ids["png"], Variant.ORIGINAL)[1] == before.files["png_original"]


def test_rows_and_files_agree_and_are_deleted_together(before: Before) -> None:
    assert check(before.world) == []
    for name in ("jpeg", "png"):
        before.world.photos.delete_photo(before.ids["organiser"], before.ids[name])
    before.world.sweep()
    assert before.world.files() == set()
