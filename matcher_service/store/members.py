"""SQL of what we keep of auth_service's world: events, memberships, and the cursor of the change feed."""

from collections.abc import Callable, Sequence
from uuid import UUID

from sqlalchemy import Connection, Engine, text

from kit.db import transaction
from matcher_service.domain import Change, ChangeKind, Role
from matcher_service.store.events import (
    bury,
    find_member,
    is_buried,
    lock_event,
    raise_version,
)
from matcher_service.store.hints import hint, hint_all


class MemberStore:
    """Memberships, as the change feed tells them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find_role(self, event_id: UUID, user_id: UUID) -> Role | None:
        with transaction(self._engine) as connection:
            row = find_member(connection, event_id, user_id)
        return Role(row.role) if row else None

    def find_roles(self, event_ids: Sequence[UUID], user_id: UUID) -> dict[UUID, Role]:
        """In those of the events that the user is a member of."""
        query = text(
            "SELECT m.event_id, m.role FROM matcher.memberships m JOIN matcher.events e ON e.id = m.event_id"
            " AND NOT e.gone WHERE m.user_id = :user AND m.event_id = ANY(:events)"
        )
        with transaction(self._engine) as connection:
            rows = connection.execute(query, {"user": user_id, "events": list(event_ids)})
            return {row.event_id: Role(row.role) for row in rows}

    def cursor(self) -> int:
        """The sequence number of the last change applied."""
        with transaction(self._engine) as connection:
            sequence: int = connection.execute(text("SELECT sequence FROM matcher.feed_cursor")).scalar_one()
            return sequence

    def apply(self, change: Change) -> None:
        """Once, whoever applies it, and in order."""
        with transaction(self._engine, "matcher-change") as connection:
            cursor = connection.execute(text("SELECT sequence FROM matcher.feed_cursor FOR UPDATE")).scalar_one()
            if change.sequence <= cursor:
                return
            if change.sequence != cursor + 1:
                raise RuntimeError(f"the change feed leaps from {cursor} to {change.sequence}")
            if change.kind is not None:
                APPLY[change.kind](connection, change)
            connection.execute(text("UPDATE matcher.feed_cursor SET sequence = :last"), {"last": change.sequence})


def _join(connection: Connection, change: Change) -> None:
    assert change.event_id
    assert change.user_id
    assert change.role
    if lock_event(connection, change.event_id) is None or is_buried(connection, change.user_id):
        return
    connection.execute(
        text(
            "INSERT INTO matcher.memberships (event_id, user_id, role) VALUES (:event, :user, :role)"
            " ON CONFLICT (event_id, user_id) DO UPDATE SET role = excluded.role"
        ),
        {"event": change.event_id, "user": change.user_id, "role": change.role.value},
    )


def _leave(connection: Connection, change: Change) -> None:
    assert change.event_id
    assert change.user_id
    if lock_event(connection, change.event_id) is not None:
        _forget(connection, change.event_id, change.user_id)


def _erase(connection: Connection, change: Change) -> None:
    assert change.user_id
    user = {"user": change.user_id}
    events = text("SELECT event_id FROM matcher.memberships WHERE user_id = :user ORDER BY event_id")
    for row in connection.execute(events, user).all():
        if lock_event(connection, row.event_id) is not None:
            _forget(connection, row.event_id, change.user_id)
    connection.execute(text("DELETE FROM matcher.people WHERE user_id = :user"), user)
    bury(connection, change.user_id)


def _forget(connection: Connection, event_id: UUID, user_id: UUID) -> None:
    """The revision stays, so that a late rematch finds that it is late."""
    values = {"event": event_id, "user": user_id}
    for statement in (
        "DELETE FROM matcher.memberships WHERE event_id = :event AND user_id = :user",
        "DELETE FROM matcher.matches WHERE event_id = :event AND person_id IN ("
        " SELECT person_id FROM matcher.people WHERE event_id = :event AND user_id = :user)",
        "DELETE FROM matcher.refusals WHERE event_id = :event AND person_id IN ("
        " SELECT person_id FROM matcher.people WHERE event_id = :event AND user_id = :user)",
        "DELETE FROM matcher.hide_requests WHERE event_id = :event AND user_id = :user",
        "UPDATE matcher.people SET encodings = NULL WHERE event_id = :event AND user_id = :user",
    ):
        connection.execute(text(statement), values)
    raise_version(connection, event_id)
    hint(connection, event_id, [user_id])


def _update_event(connection: Connection, change: Change) -> None:
    assert change.event_id
    if is_buried(connection, change.event_id):
        return
    connection.execute(
        text(
            "INSERT INTO matcher.events (id, name, closed, expires_at) VALUES (:event, :name, :closed, :expires_at)"
            " ON CONFLICT (id) DO UPDATE SET closed = excluded.closed, expires_at = excluded.expires_at,"
            " name = CASE WHEN excluded.name = '' THEN events.name ELSE excluded.name END"
        ),
        {"event": change.event_id, "name": change.name, "closed": change.closed, "expires_at": change.expires_at},
    )


def _delete_event(connection: Connection, change: Change) -> None:
    """Hides it; its rows and files go in batches (`PurgeStore`), so that no deletion holds up the changes after it."""
    assert change.event_id
    bury(connection, change.event_id)
    hint_all(connection, change.event_id, event_deleted=True)
    connection.execute(text("UPDATE matcher.events SET gone = true WHERE id = :event"), {"event": change.event_id})


APPLY: dict[ChangeKind, Callable[[Connection, Change], None]] = {
    ChangeKind.JOINED: _join,
    ChangeKind.LEFT: _leave,
    ChangeKind.USER_ERASED: _erase,
    ChangeKind.EVENT_UPDATED: _update_event,
    ChangeKind.EVENT_DELETED: _delete_event,
}
