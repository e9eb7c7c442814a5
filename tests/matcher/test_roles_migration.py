"""Migration of a version 0004 database: members keep their roles, and photographers' lists have their indexes."""

from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

from sqlalchemy import Engine, text

from kit.db.pages import Page
from matcher_service.domain import Listing, PhotoOrder, Role
from matcher_service.store.lists import select_photos
from tests.harness.migrations import downgrade, upgrade
from tests.matcher.world import World

INSERTS = """
INSERT INTO matcher.events (id, closed, last_number, indexed_count) VALUES (:event, false, 200, 200);
INSERT INTO matcher.memberships VALUES (:event, :organiser, 'organiser'), (:event, :guest, 'guest');
INSERT INTO matcher.photos (id, event_id, number, sha256, filename, size_bytes, state, upload_key, uploader_id)
SELECT gen_random_uuid(), :event, n, sha256(CAST(CAST(n AS text) AS bytea)), 'a.jpg', 1, 'indexed',
    'photos/' || CAST(n AS text), CASE WHEN n % 100 = 0 THEN CAST(:guest AS uuid) ELSE CAST(:organiser AS uuid) END
FROM generate_series(1, 200) AS n;
INSERT INTO matcher.photo_events SELECT id, event_id FROM matcher.photos;
"""


def test_members_and_photos_are_kept_and_found(make_db: Callable[[str], Engine], tmp_path: Path) -> None:
    db, ids = make_db("matcher"), {name: uuid4() for name in ("event", "organiser", "guest")}
    downgrade(db, "matcher", "0004")
    with db.begin() as connection:
        for statement in INSERTS.split(";\n"):
            if statement.strip():
                connection.execute(text(statement), ids)
    upgrade(db, "matcher")
    world = World(db, tmp_path / "blobs")
    event, guest = ids["event"], ids["guest"]
    photos, total = world.photos.list_photos(ids["organiser"], event, Page("", 50, None), Listing())
    assert (len(photos), total) == (51, 200)
    assert world.member_store.find_role(event, guest) is Role.GUEST
    with db.begin() as connection:
        connection.execute(
            text("UPDATE matcher.memberships SET role = 'photographer' WHERE user_id = :guest"), {"guest": guest}
        )
    for order in PhotoOrder:
        own, count = world.photos.list_photos(guest, event, Page("", 50, None), Listing(order))
        assert (count, {photo.uploader_id for photo in own}) == (2, {guest})
    assert [counts.indexed for counts in world.photos.count(guest, [event])] == [2]
    with db.begin() as connection:
        connection.execute(text("SET LOCAL enable_seqscan = off"))
        assert select_photos(connection, event, Listing(uploader_id=guest), Page("", 50, None))
        names = connection.execute(
            text(
                "SELECT indexname FROM pg_indexes WHERE schemaname = 'matcher' AND indexname LIKE 'photos_by_uploader%'"
            )
        )
        assert set(names.scalars()) >= {"photos_by_uploader_and_upload", "photos_by_uploader_and_time"}
