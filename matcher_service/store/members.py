"""SQL of the copy of auth_service's data: events, memberships, and the cursor of the change feed."""

from collections.abc import Callable, Sequence
from uuid import UUID

from sqlalchemy import Connection, Engine, text

from kit.db.engine import transaction
from kit.erasure.ledger import Gone
from matcher_service.domain import Change, ChangeKind, GuestPhotos, Role
from matcher_service.store.events import (
    bury,
    find_member,
    is_buried,
    lock_event,
    raise_version,
)
from matcher_service.store.hints import hint, hint_end
from matcher_service.store.ledger import note_erased
from matcher_service.store.marks import mark_unsettled
from matcher_service.store.uploads import hide_uploads


class MemberStore:
    """Memberships and events from the change feed."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find_role(self, event_id: UUID, user_id: UUID) -> Role | None:
        with transaction(self._engine) as connection:
            row = find_member(connection, event_id, user_id)
        return Role(row.role) if row else None

    def find_guest_photos(self, event_id: UUID) -> GuestPhotos | None:
        query = text("SELECT guest_photos FROM matcher.events WHERE id = :event AND NOT gone")
        with transaction(self._engine) as connection:
            found: str | None = connection.execute(query, {"event": event_id}).scalar()
        return GuestPhotos(found) if found else None

    def find_roles(self, event_ids: Sequence[UUID], user_id: UUID) -> dict[UUID, Role]:
        """The user's roles in those of the events that they are a member of."""
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

    def apply(self, *changes: Change) -> None:
        """Applies changes in order and in one transaction; skips those that any process has already applied."""
        with transaction(self._engine, "matcher-change") as connection:
            cursor = connection.execute(text("SELECT sequence FROM matcher.feed_cursor FOR UPDATE")).scalar_one()
            for change in changes:
                if change.sequence <= cursor:
                    continue
                if change.sequence != cursor + 1:
                    raise RuntimeError(f"the change feed skips from {cursor} to {change.sequence}")
                if change.kind is not None:
                    APPLY[change.kind](connection, change)
                cursor = change.sequence
            connection.execute(text("UPDATE matcher.feed_cursor SET sequence = :last"), {"last": cursor})


def is_join(change: Change) -> bool:
    """Whether the change is a join. Joins, the most frequent changes, may share a transaction: each locks one event,
    and no other transaction locks two."""
    return change.kind is ChangeKind.JOINED


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
    events = text(
        "SELECT event_id FROM matcher.memberships WHERE user_id = :user"
        " UNION SELECT event_id FROM matcher.photos WHERE uploader_id = :user AND from_guest ORDER BY event_id"
    )
    for row in connection.execute(events, user).all():
        if lock_event(connection, row.event_id) is not None:
            _forget(connection, row.event_id, change.user_id)
            hide_uploads(connection, row.event_id, change.user_id)
    for table in ("people", "guest_uploads"):
        connection.execute(text(f"DELETE FROM matcher.{table} WHERE user_id = :user"), user)
    bury(connection, change.user_id)
    note_erased(connection, Gone.USER, [change.user_id])


def _forget(connection: Connection, event_id: UUID, user_id: UUID) -> None:
    """Keeps the revision, so that a late rematch detects that it is outdated."""
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
    mark_unsettled(connection, event_id, is_reset=True)
    raise_version(connection, event_id)
    hint(connection, event_id, [user_id])


def _update_event(connection: Connection, change: Change) -> None:
    assert change.event_id
    if is_buried(connection, change.event_id):
        return
    was_held = _is_held(connection, change.event_id)
    connection.execute(
        text(
            """
            INSERT INTO matcher.events AS e (id, name, closed, expires_at, held, releases_at, download, guest_photos)
            VALUES (:event, :name, :closed, :expires_at, coalesce(:held, false), :releases_at,
                coalesce(:download, 'original'), coalesce(:guest_photos, 'off'))
            ON CONFLICT (id) DO UPDATE SET closed = excluded.closed, expires_at = excluded.expires_at,
                name = CASE WHEN excluded.name = '' THEN e.name ELSE excluded.name END,
                guest_photos = coalesce(:guest_photos, e.guest_photos),
                held = coalesce(:held, e.held), download = coalesce(:download, e.download),
                releases_at = CASE WHEN CAST(:held AS boolean) IS NULL THEN e.releases_at ELSE excluded.releases_at END
            """
        ),
        {
            "event": change.event_id,
            "name": change.name,
            "closed": change.closed,
            "expires_at": change.expires_at,
            "held": change.held,
            "releases_at": change.releases_at,
            "download": change.download.value if change.download else None,
            "guest_photos": change.guest_photos.value if change.guest_photos else None,
        },
    )
    if _is_held(connection, change.event_id) != was_held:
        hint_end(connection, change.event_id)


def _is_held(connection: Connection, event_id: UUID) -> bool:
    query = text("SELECT held AND coalesce(releases_at > now(), true) FROM matcher.events WHERE id = :event")
    return bool(connection.execute(query, {"event": event_id}).scalar())


def _delete_event(connection: Connection, change: Change) -> None:
    """Hides the event; `PurgeStore` deletes its rows and files in batches, so that later changes are not delayed."""
    assert change.event_id
    bury(connection, change.event_id)
    note_erased(connection, Gone.EVENT, [change.event_id])
    hint_end(connection, change.event_id, event_deleted=True)
    connection.execute(text("UPDATE matcher.events SET gone = true WHERE id = :event"), {"event": change.event_id})


APPLY: dict[ChangeKind, Callable[[Connection, Change], None]] = {
    ChangeKind.JOINED: _join,
    ChangeKind.LEFT: _leave,
    ChangeKind.USER_ERASED: _erase,
    ChangeKind.EVENT_UPDATED: _update_event,
    ChangeKind.EVENT_DELETED: _delete_event,
}
