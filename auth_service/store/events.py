"""SQL of events."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, Row, text

from auth_service.domain import ChangeKind, Event, EventEdit, GuestPhotos, NewEvent, Recorded, Role
from auth_service.offers import NewOffer, OfferEdit
from auth_service.permissions import Action, roles_for
from auth_service.store.acts import note_act
from auth_service.store.changes import append_change, append_event_change, append_left, bury
from auth_service.store.locks import lock_event, lock_user
from auth_service.store.members import add_member, find_members, is_taken
from auth_service.store.offers import COMPUTED, EDIT, read_offer
from kit.db.engine import transaction
from kit.db.pages import Page

COLUMNS = f"e.*, e.closed OR coalesce(e.expires_at <= now(), false) AS ended, {COMPUTED}"
WAITING = "(SELECT count(*) FROM auth.memberships w WHERE w.event_id = e.id AND w.waiting) AS waiting_count"


class EventStore:
    """Creates, reads, changes and deletes events."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find_code(self, code: str) -> Event | None:
        return self._find("e.code = :value", code)

    def find_event(self, event_id: UUID) -> Event | None:
        """Includes the number of waiting guests."""
        return self._find("e.id = :value", event_id, f"{COLUMNS}, {WAITING}")

    def find_repeated(self, idempotency_key: UUID) -> Event | None:
        return self._find("e.request_id = :value", idempotency_key)

    def create_event(
        self, event_id: UUID, idempotency_key: UUID | None, organiser: UUID, code: str, new: NewEvent
    ) -> bool:
        """Creates the event with its organiser; False if the code or the key is in use. Raises UserNotFound."""
        insert = text(
            """
            INSERT INTO auth.events (id, request_id, name, code, starts_at, expires_at, admission, held,
                awaits_release, releases_at, credit_name, credit_url, download, keep_days, guest_photos)
            VALUES (:id, :idempotency_key, :name, :code, :starts_at, :expires_at, :admission, :held,
                :held, :releases_at, :credit_name, :credit_url, :download, nullif(:keep_days, 0), :guest_photos)
            ON CONFLICT DO NOTHING
            """
        )
        values = {**vars(new), **_values(new.offer), "guest_photos": new.guest_photos.value}
        with transaction(self._engine, "create-event") as connection:
            lock_user(connection, organiser)
            inserted = connection.execute(
                insert, {**values, "id": event_id, "idempotency_key": idempotency_key, "code": code}
            )
            if not inserted.rowcount:
                return False
            append_event_change(connection, event_id)
            add_member(connection, event_id, organiser, Role.ORGANISER)
            return True

    def list_events(self, user_id: UUID, page: Page) -> list[Event]:
        """Lists the events in which the user is more than a guest, newest first; the page key is (created_at, id)."""
        after = "AND (e.created_at, e.id) < (:at, :id)" if page.after else ""
        query = text(
            f"""
            SELECT {COLUMNS}, me.role AS my_role FROM auth.events e JOIN auth.memberships me ON me.event_id = e.id
            WHERE me.user_id = :user AND me.role = ANY(:roles) {after}
            ORDER BY e.created_at DESC, e.id DESC LIMIT :limit
            """
        )
        at, last = page.after or ("", "")
        values = {"user": user_id, "roles": [role.value for role in roles_for(Action.FIND)]}
        with transaction(self._engine) as connection:
            rows = connection.execute(query, {**values, "at": at, "id": last, "limit": page.fetch_size()})
            return [replace(_event(row), role=Role(row.my_role)) for row in rows]

    def update_event(self, event_id: UUID, edit: EventEdit, code: str | None) -> bool | None:
        """Returns None if the event does not exist, False if the new code is in use."""
        query = text(
            f"""
            UPDATE auth.events e SET name = coalesce(:name, name),
                starts_at = CASE WHEN :no_start THEN NULL ELSE coalesce(:starts_at, starts_at) END,
                expires_at = CASE WHEN :no_end THEN NULL ELSE coalesce(:expires_at, expires_at) END,
                closed = coalesce(:closed, closed), code = coalesce(:code, code),
                admission = coalesce(:admission, admission), guest_photos = coalesce(:guest_photos, guest_photos),
                {EDIT}
            WHERE id = :event RETURNING expires_at, keep_days
            """
        )
        with transaction(self._engine, "update-event") as connection:
            before = lock_event(connection, event_id)
            if before is None:
                return None
            if code and is_taken(connection, code):
                return False
            guest_photos = edit.guest_photos.value if edit.guest_photos else None
            values = {
                **vars(edit),
                **_values(edit.offer),
                "code": code,
                "event": event_id,
                "guest_photos": guest_photos,
            }
            after = connection.execute(query, values).one()
            if (after.expires_at, after.keep_days) != (before.expires_at, before.keep_days):
                keep = text("UPDATE auth.events SET keep_since = now(), hidden_at = NULL WHERE id = :event")
                connection.execute(keep, {"event": event_id})
            if code:
                note_act(connection, Recorded.CODE_CHANGED, event_id)
            append_event_change(connection, event_id)
            return True

    def delete_event(self, event_id: UUID) -> None:
        with transaction(self._engine, "delete-event") as connection:
            delete_event(connection, event_id)

    def _find(self, condition: str, value: object, columns: str = COLUMNS) -> Event | None:
        with transaction(self._engine) as connection:
            row = connection.execute(
                text(f"SELECT {columns} FROM auth.events e WHERE {condition}"), {"value": value}
            ).first()
        return _event(row) if row else None


def delete_event(connection: Connection, event_id: UUID) -> None:
    """Deletes the event, if it exists."""
    lock_event(connection, event_id)
    members = find_members(connection, event_id)
    gone = connection.execute(text("DELETE FROM auth.events WHERE id = :event"), {"event": event_id})
    if gone.rowcount:
        note_act(connection, Recorded.EVENT_DELETED, event_id)
        bury(connection, event_id)
        append_change(connection, ChangeKind.EVENT_DELETED, event_id=event_id)
        append_left(connection, event_id, members, only_last=True)


def _values(offer: NewOffer | OfferEdit) -> dict[str, object]:
    """Returns the values by column name."""
    return {
        **vars(offer),
        "credit_name": offer.credit.name if offer.credit else None,
        "credit_url": offer.credit.url if offer.credit else None,
        "download": offer.download.value if offer.download else None,
    }


def _event(row: Row[Any]) -> Event:
    return Event(
        id=row.id,
        name=row.name,
        code=row.code,
        starts_at=row.starts_at,
        expires_at=row.expires_at,
        closed=row.closed,
        ended=row.ended,
        guest_count=row.member_count,
        created_at=row.created_at,
        admission=row.admission,
        offer=read_offer(row),
        guest_photos=GuestPhotos(row.guest_photos),
        waiting_count=row._mapping.get("waiting_count"),
    )
