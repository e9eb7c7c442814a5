"""SQL that purges deleted events and erased guests in small batches, so that each transaction holds locks briefly."""

from uuid import UUID

from sqlalchemy import Connection, Engine, text

from kit.db.engine import transaction
from matcher_service.store.events import lock_event, queue_blob_deletions
from matcher_service.store.logos import drop_logo
from matcher_service.store.uploads import delete_photos, select_own

BATCH = 200


class PurgeStore:
    """Deletes events marked as deleted, with their remaining rows, and the hidden photos of erased guests."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def purge(self, limit: int = BATCH) -> bool:
        """Deletes at most `limit` rows and queues their files; returns False when nothing is left."""
        return self._purge_event(limit) or self._purge_uploads(limit)

    def _purge_event(self, limit: int) -> bool:
        find = text("SELECT id FROM matcher.events WHERE gone ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED")
        with transaction(self._engine, "event-purge") as connection:
            row = connection.execute(find).first()
            if row is None:
                return False
            if not _delete_photos(connection, row.id, limit) and not _delete_people(connection, row.id, limit):
                drop_logo(connection, row.id)
                connection.execute(text("DELETE FROM matcher.events WHERE id = :event"), {"event": row.id})
            return True

    def _purge_uploads(self, limit: int) -> bool:
        """Deletes photos of erased guests; those in deleted events are deleted with the event."""
        find = text("SELECT user_id FROM matcher.erasures ORDER BY user_id LIMIT 1 FOR UPDATE SKIP LOCKED")
        where = text(
            "SELECT p.event_id FROM matcher.photos p JOIN matcher.events e ON e.id = p.event_id AND NOT e.gone"
            " WHERE p.uploader_id = :user AND p.from_guest LIMIT 1"
        )
        with transaction(self._engine, "uploads-purge") as connection:
            row = connection.execute(find).first()
            if row is None:
                return False
            event_id = connection.execute(where, {"user": row.user_id}).scalar()
            if event_id is None:
                settle = text("DELETE FROM matcher.erasures WHERE user_id = :user")
                connection.execute(settle, {"user": row.user_id})
            elif lock_event(connection, event_id) is not None:
                delete_photos(connection, event_id, select_own(connection, event_id, row.user_id, limit))
            return True


def _delete_photos(connection: Connection, event_id: UUID, limit: int) -> bool:
    find = text("SELECT id FROM matcher.photos WHERE event_id = :event LIMIT :limit")
    photos = list(connection.execute(find, {"event": event_id, "limit": limit}).scalars())
    queue_blob_deletions(connection, event_id, photos)
    delete = text("DELETE FROM matcher.photos WHERE event_id = :event AND id = ANY(:photos)")
    connection.execute(delete, {"event": event_id, "photos": photos})
    return bool(photos)


def _delete_people(connection: Connection, event_id: UUID, limit: int) -> bool:
    count = 0
    for table, key in (("people", "person_id"), ("memberships", "user_id")):
        delete = text(
            f"DELETE FROM matcher.{table} WHERE event_id = :event AND {key} IN ("
            f" SELECT {key} FROM matcher.{table} WHERE event_id = :event LIMIT :limit)"
        )
        count += connection.execute(delete, {"event": event_id, "limit": limit}).rowcount
    return count > 0
