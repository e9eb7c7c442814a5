"""SQL of the logos of events. The transaction that removes a file from its row also queues the file's deletion."""

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, Row, text

from kit.db.engine import transaction
from matcher_service.domain import Action, EventNotFound, OrganiserOnly, Role, may
from matcher_service.domain.logos import Logo
from matcher_service.store.events import find_member, lock_event
from matcher_service.store.hints import hint_all
from matcher_service.store.versions import make_version


class LogoStore:
    """At most one logo per event."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find(self, event_id: UUID) -> Logo | None:
        with transaction(self._engine) as connection:
            return find_logo(connection, event_id)

    def find_versions(self, event_ids: list[UUID]) -> dict[UUID, str]:
        """The versions of the logos, for events that have one."""
        query = text("SELECT event_id, key FROM matcher.logos WHERE event_id = ANY(:events)")
        with transaction(self._engine) as connection:
            rows = connection.execute(query, {"events": event_ids})
            return {row.event_id: make_version(row.key, None) for row in rows}

    def set(self, event_id: UUID, user_id: UUID, key: str, width: int, height: int) -> Logo:
        """Replaces the logo and queues its old file for deletion. Raises EventNotFound, OrganiserOnly; then no row
        refers to the new file."""
        insert = text(
            "INSERT INTO matcher.logos (event_id, key, width, height) VALUES (:event, :key, :width, :height)"
            " RETURNING key, width, height"
        )
        values = {"event": event_id, "key": key, "width": width, "height": height}
        with transaction(self._engine, "logo-set") as connection:
            _lock(connection, event_id, user_id)
            drop_logo(connection, event_id)
            logo = _logo(connection.execute(insert, values).one())
            hint_all(connection, event_id)
            return logo

    def delete(self, event_id: UUID, user_id: UUID) -> None:
        """Raises EventNotFound, OrganiserOnly."""
        with transaction(self._engine, "logo-delete") as connection:
            _lock(connection, event_id, user_id)
            drop_logo(connection, event_id)
            hint_all(connection, event_id)

    def list_files(self, after: UUID, limit: int) -> list[tuple[UUID, str]]:
        """Event and file of each logo, in the order of the events."""
        query = text("SELECT event_id, key FROM matcher.logos WHERE event_id > :after ORDER BY event_id LIMIT :limit")
        with transaction(self._engine) as connection:
            return [(row.event_id, row.key) for row in connection.execute(query, {"after": after, "limit": limit})]

    def has_file(self, event_id: UUID, key: str) -> bool:
        query = text("SELECT FROM matcher.logos WHERE event_id = :event AND key = :key")
        with transaction(self._engine) as connection:
            return connection.execute(query, {"event": event_id, "key": key}).first() is not None

    def forget_file(self, event_id: UUID, key: str) -> bool:
        """Removes the event's logo if it is still this one."""
        query = text("DELETE FROM matcher.logos WHERE event_id = :event AND key = :key")
        with transaction(self._engine) as connection:
            return connection.execute(query, {"event": event_id, "key": key}).rowcount > 0


def find_logo(connection: Connection, event_id: UUID) -> Logo | None:
    query = text("SELECT key, width, height FROM matcher.logos WHERE event_id = :event")
    row = connection.execute(query, {"event": event_id}).first()
    return _logo(row) if row else None


def drop_logo(connection: Connection, event_id: UUID) -> None:
    """Deletes the logo, if there is one, and queues its file. Requires the event's lock."""
    query = text(
        "WITH gone AS (DELETE FROM matcher.logos WHERE event_id = :event RETURNING key)"
        " INSERT INTO matcher.blob_deletions (key) SELECT key FROM gone ON CONFLICT DO NOTHING"
    )
    connection.execute(query, {"event": event_id})


def _lock(connection: Connection, event_id: UUID, user_id: UUID) -> None:
    """Raises EventNotFound, OrganiserOnly."""
    member = find_member(connection, event_id, user_id) if lock_event(connection, event_id) is not None else None
    if member is None:
        raise EventNotFound
    if not may(Role(member.role), Action.ADMINISTER):
        raise OrganiserOnly


def _logo(row: Row[Any]) -> Logo:
    return Logo(row.key, make_version(row.key, None), row.width, row.height)
