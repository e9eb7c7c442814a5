"""SQL of the event's row: its lock serialises all changes of the event's matches, and its version numbers them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, text

from matcher_service.store.hints import hint_organisers
from matcher_service.store.offers import is_open

PHOTOS_CHANNEL = "matcher_photos"

# SQL: every file that a photo may have; must equal the expression of the index `photo_keys`.
PHOTO_KEYS = "ARRAY[upload_key, thumb_key, preview_key, original_key, medium_key]"

# SQL: whether a row refers to the file `key`.
IS_NAMED = (
    f"(EXISTS (SELECT FROM matcher.photos WHERE {PHOTO_KEYS} @> ARRAY[keys.key])"
    " OR EXISTS (SELECT FROM matcher.replacements r WHERE r.upload_key = keys.key)"
    " OR EXISTS (SELECT FROM matcher.logos l WHERE l.key = keys.key))"
)


def find_event(connection: Connection, photo_id: UUID) -> UUID | None:
    """The event of a photo, by which all of its rows are keyed."""
    query = text("SELECT event_id FROM matcher.photo_events WHERE photo_id = :photo")
    event_id: UUID | None = connection.execute(query, {"photo": photo_id}).scalar()
    return event_id


def lock_event(connection: Connection, event_id: UUID) -> int | None:
    """The first statement of a publish or a deletion: waits for earlier ones, and returns the event's version.

    A separate statement, so that under READ COMMITTED the next one sees the changes of earlier transactions. None if
    the event does not exist or is being deleted.
    """
    row = connection.execute(
        text("SELECT version FROM matcher.events WHERE id = :event AND NOT gone FOR UPDATE"), {"event": event_id}
    ).first()
    return row.version if row else None


def raise_version(connection: Connection, event_id: UUID, *, deleted: bool = False) -> None:
    """The last statement of a publish or a deletion; `deleted`: faces were removed, so indexes must be rebuilt."""
    connection.execute(
        text(
            "UPDATE matcher.events SET version = version + 1,"
            " deleted_version = CASE WHEN :deleted THEN version + 1 ELSE deleted_version END WHERE id = :event"
        ),
        {"event": event_id, "deleted": deleted},
    )


def count_photos(
    connection: Connection, event_id: UUID, *, pending: int = 0, indexed: int = 0, failed: int = 0, faces: int = 0
) -> None:
    """Adds to the event's counters, and notifies its organisers, in the transaction that changes the photos. Requires
    the event's lock."""
    connection.execute(
        text(
            "UPDATE matcher.events SET pending_count = pending_count + :pending,"
            " indexed_count = indexed_count + :indexed, failed_count = failed_count + :failed,"
            " face_count = face_count + :faces WHERE id = :event"
        ),
        {"event": event_id, "pending": pending, "indexed": indexed, "failed": failed, "faces": faces},
    )
    hint_organisers(connection, event_id)


def queue_blob_deletions(connection: Connection, event_id: UUID, photo_ids: Sequence[UUID]) -> None:
    """Queues every file of these photos and of their new versions, in the transaction that deletes the rows."""
    queue_files(connection, event_id, photo_ids)
    drop_replacements(connection, event_id, photo_ids)


def drop_replacements(connection: Connection, event_id: UUID, photo_ids: Sequence[UUID]) -> None:
    """Deletes waiting and failed new versions of photos, and queues their files."""
    connection.execute(
        text(
            """
            WITH gone AS (DELETE FROM matcher.replacements WHERE event_id = :event AND id = ANY(:photos)
                RETURNING upload_key)
            INSERT INTO matcher.blob_deletions (key) SELECT upload_key FROM gone ON CONFLICT DO NOTHING
            """
        ),
        {"event": event_id, "photos": list(photo_ids)},
    )


def queue_files(connection: Connection, event_id: UUID, photo_ids: Sequence[UUID]) -> None:
    """Queues the files that the rows of these photos name."""
    connection.execute(
        text(
            f"""
            INSERT INTO matcher.blob_deletions (key)
            SELECT key FROM matcher.photos, unnest({PHOTO_KEYS}) AS key
            WHERE event_id = :event AND id = ANY(:photos) AND key IS NOT NULL ON CONFLICT DO NOTHING
            """
        ),
        {"event": event_id, "photos": list(photo_ids)},
    )


def is_buried(connection: Connection, gone: UUID) -> bool:
    query = text("SELECT FROM matcher.tombstones WHERE id = :id")
    return connection.execute(query, {"id": gone}).first() is not None


def bury(connection: Connection, gone: UUID) -> None:
    """Adds a tombstone, which is kept forever and contains only the id."""
    connection.execute(text("INSERT INTO matcher.tombstones (id) VALUES (:id) ON CONFLICT DO NOTHING"), {"id": gone})


def find_member(connection: Connection, event_id: UUID, user_id: UUID) -> Row[Any] | None:
    """The role of a member; None in an event that is being deleted."""
    query = text(
        "SELECT m.role FROM matcher.memberships m JOIN matcher.events e ON e.id = m.event_id AND NOT e.gone"
        " WHERE m.event_id = :event AND m.user_id = :user"
    )
    return connection.execute(query, {"event": event_id, "user": user_id}).first()


def may_look(connection: Connection, event_id: UUID, user_id: UUID) -> bool:
    """Whether the user is a member who may see photos of the event now."""
    query = text(
        "SELECT FROM matcher.memberships m JOIN matcher.events e ON e.id = m.event_id AND NOT e.gone"
        f" WHERE m.event_id = :event AND m.user_id = :user AND {is_open('m', 'e')}"
    )
    return connection.execute(query, {"event": event_id, "user": user_id}).first() is not None
