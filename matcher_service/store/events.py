"""The event's row: its lock orders everything that decides who is in which photo, its version numbers it."""

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, text


def lock_event(connection: Connection, event_id: UUID) -> int | None:
    """The first statement of a publish or a deletion: waits for the ones before; the event's version.

    A statement of its own, so that READ COMMITTED shows the next one what the ones before have done. None: no event.
    """
    row = connection.execute(
        text("SELECT version FROM matcher.events WHERE id = :event FOR UPDATE"), {"event": event_id}
    ).first()
    return row.version if row else None


def raise_version(connection: Connection, event_id: UUID, *, deleted: bool = False) -> None:
    """The last statement of a publish or a deletion; `deleted`: faces went, so memory must be built anew."""
    connection.execute(
        text(
            "UPDATE matcher.events SET version = version + 1,"
            " deleted_version = CASE WHEN :deleted THEN version + 1 ELSE deleted_version END WHERE id = :event"
        ),
        {"event": event_id, "deleted": deleted},
    )


def queue_blob_deletions(connection: Connection, condition: str, values: dict[str, Any]) -> None:
    """Every blob of the photos that `condition` names; the transaction that deletes the rows queues the blobs."""
    connection.execute(
        text(
            f"""
            INSERT INTO matcher.blob_deletions (key)
            SELECT key FROM matcher.photos, unnest(ARRAY[upload_key, thumb_key, preview_key, original_key]) AS key
            WHERE key IS NOT NULL AND {condition} ON CONFLICT DO NOTHING
            """
        ),
        values,
    )


def is_buried(connection: Connection, gone: UUID) -> bool:
    query = text("SELECT FROM matcher.tombstones WHERE id = :id")
    return connection.execute(query, {"id": gone}).first() is not None


def bury(connection: Connection, gone: UUID) -> None:
    """Remembers for ever that an id is gone, and nothing else of it."""
    connection.execute(text("INSERT INTO matcher.tombstones (id) VALUES (:id) ON CONFLICT DO NOTHING"), {"id": gone})


def find_member(connection: Connection, event_id: UUID, user_id: UUID) -> Row[Any] | None:
    query = text("SELECT role FROM matcher.memberships WHERE event_id = :event AND user_id = :user")
    return connection.execute(query, {"event": event_id, "user": user_id}).first()
