"""SQL of events."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, Row, text

from auth_service.domain import ChangeKind, Event, EventEdit, Role
from auth_service.store.changes import append_change, append_event_change, bury
from auth_service.store.locks import lock_event, lock_user
from auth_service.store.members import add_member, is_taken
from kit.db import transaction
from kit.pages import Page

SELECT_EVENT = """
    SELECT e.*, e.closed OR coalesce(e.expires_at <= now(), false) AS shut FROM auth.events e
"""
SELECT_COUNTED = SELECT_EVENT.replace(
    "e.*,",
    "e.*, (SELECT count(*) FROM auth.memberships w WHERE w.event_id = e.id AND w.waiting) AS waiting_count,",
)


class EventStore:
    """Events."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find_code(self, code: str) -> Event | None:
        return self._find("e.code = :value", code)

    def find_event(self, event_id: UUID) -> Event | None:
        """Counted, too."""
        return self._find("e.id = :value", event_id, SELECT_COUNTED)

    def find_request(self, request_id: UUID) -> Event | None:
        return self._find("e.request_id = :value", request_id)

    def create_event(
        self,
        event_id: UUID,
        request_id: UUID | None,
        organiser: UUID,
        name: str,
        code: str,
        starts_at: datetime | None,
        expires_at: datetime | None,
        admission: bool,
    ) -> bool:
        """The event with its organiser; False when the code or the request id is in use. Raises UserNotFound."""
        with transaction(self._engine, "create-event") as connection:
            lock_user(connection, organiser)
            inserted = connection.execute(
                text(
                    """
                    INSERT INTO auth.events (id, request_id, name, code, starts_at, expires_at, admission)
                    VALUES (:id, :request_id, :name, :code, :starts_at, :expires_at, :admission)
                    ON CONFLICT DO NOTHING RETURNING id, name, closed, expires_at
                    """
                ),
                {
                    "id": event_id,
                    "request_id": request_id,
                    "name": name,
                    "code": code,
                    "starts_at": starts_at,
                    "expires_at": expires_at,
                    "admission": admission,
                },
            ).first()
            if inserted is None:
                return False
            append_event_change(connection, inserted)
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
                closed = coalesce(:closed, closed), code = coalesce(:code, code),
                admission = coalesce(:admission, admission)
            WHERE id = :event RETURNING id, name, closed, expires_at
            """
        )
        with transaction(self._engine, "update-event") as connection:
            if lock_event(connection, event_id) is None:
                return None
            if code and is_taken(connection, code):
                return False
            changed = connection.execute(query, {**vars(edit), "code": code, "event": event_id}).one()
            append_event_change(connection, changed)
            return True

    def delete_event(self, event_id: UUID) -> None:
        with transaction(self._engine, "delete-event") as connection:
            gone = connection.execute(text("DELETE FROM auth.events WHERE id = :event"), {"event": event_id})
            if gone.rowcount:
                bury(connection, event_id)
                append_change(connection, ChangeKind.EVENT_DELETED, event_id=event_id)

    def _find(self, condition: str, value: object, select: str = SELECT_EVENT) -> Event | None:
        with transaction(self._engine) as connection:
            row = connection.execute(text(f"{select} WHERE {condition}"), {"value": value}).first()
        return _event(row) if row else None


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
        admission=row.admission,
        waiting_count=row._mapping.get("waiting_count"),
    )
