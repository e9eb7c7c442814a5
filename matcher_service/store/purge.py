"""SQL of events that are gone: their rows are deleted in batches, each a small transaction that blocks nothing else."""

from uuid import UUID

from sqlalchemy import Connection, Engine, text

from kit.db import transaction
from matcher_service.store.events import queue_blob_deletions

BATCH = 200


class PurgeStore:
    """Hidden events and what is left of them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def purge(self, limit: int = BATCH) -> bool:
        """Deletes at most `limit` rows, and queues the deletion of their files; False when no such event is left."""
        find = text("SELECT id FROM matcher.events WHERE gone ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED")
        with transaction(self._engine, "event-purge") as connection:
            row = connection.execute(find).first()
            if row is None:
                return False
            if not _delete_photos(connection, row.id, limit) and not _delete_people(connection, row.id, limit):
                connection.execute(text("DELETE FROM matcher.events WHERE id = :event"), {"event": row.id})
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
