"""Migration: photos of the previous version keep all faces; later removals are deleted with their photo."""

from collections.abc import Callable
from uuid import uuid4

from sqlalchemy import Engine, text

from tests.harness.migrations import downgrade, upgrade


def test_existing_faces_are_kept_and_removal_boxes_are_deleted_with_their_photo(
    make_db: Callable[[str], Engine],
) -> None:
    db, values = make_db("matcher"), {"event": uuid4(), "photo": uuid4()}
    downgrade(db, "matcher", "0016")
    with db.begin() as connection:
        for statement in (
            "INSERT INTO matcher.events (id, closed, last_number, indexed_count) VALUES (:event, false, 1, 1)",
            "INSERT INTO matcher.photos (id, event_id, number, filename, content_type, upload_key, sha256, size_bytes,"
            " state, width, height, face_count) VALUES (:photo, :event, 1, 'a.jpg', 'image/jpeg', 'k', '\\x00', 1,"
            " 'indexed', 1200, 800, 1)",
            'INSERT INTO matcher.faces (event_id, photo_id, face_no, version, encoding, "left", top, width, height,'
            " size_px, sharpness, brightness, yaw, penalty, sure)"
            " VALUES (:event, :photo, 0, 1, '\\x00', 0, 0, 80, 80, 80, 1, 1, 0, 0, true)",
        ):
            connection.execute(text(statement), values)
    upgrade(db, "matcher")
    with db.begin() as connection:
        count = "SELECT count(*) FROM matcher."
        assert connection.execute(text(f"{count}faces")).scalar() == 1
        assert connection.execute(text(f"{count}forgotten_faces")).scalar() == 0
        keep = "INSERT INTO matcher.forgotten_faces VALUES (:event, :photo, 0, 0, 80, 80, 1200, 800)"
        connection.execute(text(keep), values)
        connection.execute(text("DELETE FROM matcher.photos WHERE id = :photo"), values)
        assert connection.execute(text(f"{count}forgotten_faces")).scalar() == 0
