"""SQL of events and memberships."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, Row, text

from auth_service.domain import ChangeKind, Event, EventEdit, Guest, Role, UserNotFound
from auth_service.store.changes import append_change, bury
from kit.db import transaction
from kit.pages import Page

SELECT_EVENT = """
    SELECT e.*, e.closed OR coalesce(e.expires_at <= now(), false) AS shut FROM auth.events e
"""


class EventStore:
    """Events and who is in them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find_code(self, code: str) -> Event | None:
        return self._find("e.code = :value", code)

    def find_event(self, event_id: UUID) -> Event | None:
        return self._find("e.id = :value", event_id)

    def find_request(self, request_id: UUID) -> Event | None:
        return self._find("e.request_id = :value", request_id)

    def find_role(self, event_id: UUID, user_id: UUID) -> Role | None:
        query = text("SELECT role FROM auth.memberships WHERE event_id = :event AND user_id = :user")
        with transaction(self._engine) as connection:
            row = connection.execute(query, {"event": event_id, "user": user_id}).first()
        return Role(row.role) if row else None

    def create_event(
        self,
        event_id: UUID,
        request_id: UUID | None,
        organiser: UUID,
        name: str,
        code: str,
        starts_at: datetime | None,
        expires_at: datetime | None,
    ) -> bool:
        """The event with its organiser; False when the code or the request id is in use. Raises UserNotFound."""
        with transaction(self._engine, "create-event") as connection:
            lock_user(connection, organiser)
            inserted = connection.execute(
                text(
                    """
                    INSERT INTO auth.events (id, request_id, name, code, starts_at, expires_at)
                    VALUES (:id, :request_id, :name, :code, :starts_at, :expires_at) ON CONFLICT DO NOTHING
                    """
                ),
                {
                    "id": event_id,
                    "request_id": request_id,
                    "name": name,
                    "code": code,
                    "starts_at": starts_at,
                    "expires_at": expires_at,
                },
            )
            if not inserted.rowcount:
                return False
            append_change(
                connection,
                ChangeKind.EVENT_UPDATED,
                event_id=event_id,
                name=name,
                closed=False,
                expires_at=expires_at,
            )
            add_member(connection, event_id, organiser, Role.ORGANISER)
            return True

    def list_events(self, organiser: UUID, page: Page) -> list[Event]:
        """Newest first; the key of a page is (created_at, id)."""
        after = "AND (e.created_at, e.id) < (:at, :id)" if page.after else ""
        query = text(
            f"""
            {SELECT_EVENT} JOIN auth.memberships me ON me.event_id = e.id
            WHERE me.user_id = :user AND me.role = 'organiser' {after}
            ORDER BY e.created_at DESC, e.id DESC LIMIT :limit
            """
        )
        at, last = page.after or ("", "")
        with transaction(self._engine) as connection:
            rows = connection.execute(query, {"user": organiser, "at": at, "id": last, "limit": page.fetch_size()})
            return [_event(row) for row in rows]

    def update_event(self, event_id: UUID, edit: EventEdit, code: str | None) -> bool | None:
        """None: no such event; False: the new code is in use."""
        query = text(
            """
            UPDATE auth.events SET name = coalesce(:name, name),
                starts_at = CASE WHEN :no_start THEN NULL ELSE coalesce(:starts_at, starts_at) END,
                expires_at = CASE WHEN :no_end THEN NULL ELSE coalesce(:expires_at, expires_at) END,
                closed = coalesce(:closed, closed), code = coalesce(:code, code)
            WHERE id = :event RETURNING name, closed, expires_at
            """
        )
        with transaction(self._engine, "update-event") as connection:
            if lock_event(connection, event_id) is None:
                return None
            taken = text("SELECT FROM auth.events WHERE code = :code")
            if code and connection.execute(taken, {"code": code}).first() is not None:
                return False
            row = connection.execute(query, {**vars(edit), "code": code, "event": event_id}).one()
            append_change(
                connection,
                ChangeKind.EVENT_UPDATED,
                event_id=event_id,
                name=row.name,
                closed=row.closed,
                expires_at=row.expires_at,
            )
            return True

    def delete_event(self, event_id: UUID) -> None:
        with transaction(self._engine, "delete-event") as connection:
            gone = connection.execute(text("DELETE FROM auth.events WHERE id = :event"), {"event": event_id})
            if gone.rowcount:
                bury(connection, event_id)
                append_change(connection, ChangeKind.EVENT_DELETED, event_id=event_id)

    def join(self, event_id: UUID, user_id: UUID) -> bool:
        """Whether the user is a guest now: not where the event was shut or deleted meanwhile. Raises UserNotFound."""
        with transaction(self._engine, "join") as connection:
            lock_user(connection, user_id)
            event = lock_event(connection, event_id)
            member = text("SELECT FROM auth.memberships WHERE event_id = :event AND user_id = :user")
            if event is None:
                return False
            if connection.execute(member, {"event": event_id, "user": user_id}).first() is not None:
                return True
            if event.shut:
                return False
            add_member(connection, event_id, user_id, Role.GUEST)
            return True

    def leave(self, event_id: UUID, user_id: UUID) -> None:
        """Ends a guest's membership; an organiser's stays."""
        query = text("DELETE FROM auth.memberships WHERE event_id = :event AND user_id = :user AND role = 'guest'")
        with transaction(self._engine, "leave") as connection:
            lock_event(connection, event_id)
            if connection.execute(query, {"event": event_id, "user": user_id}).rowcount:
                _count_guests(connection, event_id, -1)
                append_change(connection, ChangeKind.LEFT, event_id=event_id, user_id=user_id)

    def repair_counts(self) -> None:
        """Counts again where a process of the previous version added or removed members without counting them."""
        drifted = text(
            """
            SELECT e.id FROM auth.events e
            LEFT JOIN (SELECT event_id, count(*) FROM auth.memberships GROUP BY event_id) m ON m.event_id = e.id
            WHERE e.member_count <> coalesce(m.count, 0)
            """
        )
        count = text(
            "UPDATE auth.events SET member_count = (SELECT count(*) FROM auth.memberships WHERE event_id = :event)"
            " WHERE id = :event"
        )
        with transaction(self._engine) as connection:
            events = [row.id for row in connection.execute(drifted)]
        for event in events:
            with transaction(self._engine) as connection:
                lock_event(connection, event)
                connection.execute(count, {"event": event})

    def list_guests(self, event_id: UUID, page: Page) -> list[Guest]:
        """In the order in which they joined; the key of a page is (joined_at, user_id)."""
        after = "AND (m.joined_at, m.user_id) > (:at, :id)" if page.after else ""
        query = text(
            f"""
            SELECT m.user_id, u.username, u.display_name, m.role, m.joined_at
            FROM auth.memberships m JOIN auth.users u ON u.id = m.user_id
            WHERE m.event_id = :event {after} ORDER BY m.joined_at, m.user_id LIMIT :limit
            """
        )
        at, last = page.after or ("", "")
        with transaction(self._engine) as connection:
            rows = connection.execute(query, {"event": event_id, "at": at, "id": last, "limit": page.fetch_size()})
            return [Guest(row.user_id, row.username, row.display_name, Role(row.role), row.joined_at) for row in rows]

    def _find(self, condition: str, value: object) -> Event | None:
        with transaction(self._engine) as connection:
            row = connection.execute(text(f"{SELECT_EVENT} WHERE {condition}"), {"value": value}).first()
        return _event(row) if row else None


def lock_user(connection: Connection, user_id: UUID) -> None:
    """Keeps the account from being erased until the commit. Raises UserNotFound."""
    query = text("SELECT FROM auth.users WHERE id = :user FOR KEY SHARE")
    if connection.execute(query, {"user": user_id}).first() is None:
        raise UserNotFound


def lock_event(connection: Connection, event_id: UUID) -> Row[Any] | None:
    """Keeps the event as it is until the commit."""
    query = text(
        "SELECT closed OR coalesce(expires_at <= now(), false) AS shut FROM auth.events WHERE id = :event FOR UPDATE"
    )
    return connection.execute(query, {"event": event_id}).first()


def add_member(connection: Connection, event_id: UUID, user_id: UUID, role: Role) -> None:
    """Under the event's lock."""
    connection.execute(
        text("INSERT INTO auth.memberships (event_id, user_id, role) VALUES (:event, :user, :role)"),
        {"event": event_id, "user": user_id, "role": role.value},
    )
    _count_guests(connection, event_id, 1)
    append_change(connection, ChangeKind.JOINED, event_id=event_id, user_id=user_id, role=role)


def uncount_guest(connection: Connection, user_id: UUID) -> None:
    """Before an account is erased, and under the locks of its events: one guest less in each of them."""
    events = "SELECT event_id FROM auth.memberships WHERE user_id = :user"
    count = text(f"UPDATE auth.events SET member_count = member_count - 1 WHERE id IN ({events})")
    connection.execute(count, {"user": user_id})


def _count_guests(connection: Connection, event_id: UUID, change: int) -> None:
    query = text("UPDATE auth.events SET member_count = member_count + :change WHERE id = :event")
    connection.execute(query, {"event": event_id, "change": change})


def _event(row: Row[Any]) -> Event:
    return Event(
        id=row.id,
        name=row.name,
        code=row.code,
        starts_at=row.starts_at,
        expires_at=row.expires_at,
        closed=row.closed,
        shut=row.shut,
        guest_count=row.member_count,
        created_at=row.created_at,
    )
