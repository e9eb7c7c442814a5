"""Hints that photos of users in an event change, sent by NOTIFY at the commit of the transaction that changes them."""

import json
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection, text

from matcher_service.domain import Hint
from matcher_service.store.offers import is_open

HINTS_CHANNEL = "matcher_hints"
MAX_USERS = 150  # a payload must be smaller than 8000 bytes


def hint(connection: Connection, event_id: UUID, user_ids: Sequence[UUID]) -> None:
    """Notifies those of the users who may see photos of the event now; until its release, not every member may."""
    query = text(
        f"""
        SELECT u.id FROM unnest(CAST(:users AS uuid[])) WITH ORDINALITY AS u (id, place) WHERE NOT EXISTS (
            SELECT FROM matcher.memberships m JOIN matcher.events e ON e.id = m.event_id
            WHERE m.event_id = :event AND m.user_id = u.id AND NOT {is_open("m", "e")})
        ORDER BY u.place
        """
    )
    users = connection.execute(query, {"event": event_id, "users": list(user_ids)}).scalars().all()
    _notify(connection, event_id, users)


def _notify(connection: Connection, event_id: UUID, user_ids: Sequence[UUID], *, event_deleted: bool = False) -> None:
    query = text("SELECT pg_notify(:channel, :payload)")
    for start in range(0, len(user_ids), MAX_USERS):
        users = [str(user_id) for user_id in user_ids[start : start + MAX_USERS]]
        payload = json.dumps([str(event_id), users, event_deleted])
        connection.execute(query, {"channel": HINTS_CHANNEL, "payload": payload})


def hint_organisers(connection: Connection, event_id: UUID) -> None:
    """Notifies of a change that no guest sees, by a hint without users; PostgreSQL sends one for each transaction."""
    payload = json.dumps([str(event_id), [], False])
    connection.execute(text("SELECT pg_notify(:channel, :payload)"), {"channel": HINTS_CHANNEL, "payload": payload})


def hint_people_in(connection: Connection, event_id: UUID, photo_ids: Sequence[UUID]) -> None:
    """Notifies guests who are in one of the photos or added one. Call it before deleting matches."""
    query = text(
        "SELECT user_id FROM matcher.matches JOIN matcher.people USING (event_id, person_id)"
        " WHERE event_id = :event AND photo_id = ANY(:photos)"
        " UNION SELECT uploader_id FROM matcher.photos"
        " WHERE event_id = :event AND id = ANY(:photos) AND from_guest"
    )
    users = connection.execute(query, {"event": event_id, "photos": list(photo_ids)}).scalars().all()
    hint(connection, event_id, users)


def hint_all(connection: Connection, event_id: UUID) -> None:
    """Notifies every member of the event who may see photos of it."""
    hint(connection, event_id, _find_members(connection, event_id))


def hint_end(connection: Connection, event_id: UUID, *, event_deleted: bool = False) -> None:
    """Notifies every member, including those who see no photos: the event is deleted, or its photos are released or
    held back."""
    _notify(connection, event_id, _find_members(connection, event_id), event_deleted=event_deleted)


def _find_members(connection: Connection, event_id: UUID) -> Sequence[UUID]:
    query = text("SELECT user_id FROM matcher.memberships WHERE event_id = :event")
    return connection.execute(query, {"event": event_id}).scalars().all()


def parse_hint(payload: str) -> Hint:
    event_id, user_ids, event_deleted = json.loads(payload)
    return Hint(UUID(event_id), tuple(UUID(user_id) for user_id in user_ids), event_deleted)
