"""Hints: whose photos of an event change, sent by NOTIFY at the commit of the transaction that changes them."""

import json
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection, text

from matcher_service.domain import Hint

HINTS_CHANNEL = "matcher_hints"
MAX_USERS = 150  # a payload must be smaller than 8000 bytes


def hint(connection: Connection, event_id: UUID, user_ids: Sequence[UUID], *, event_deleted: bool = False) -> None:
    query = text("SELECT pg_notify(:channel, :payload)")
    for start in range(0, len(user_ids), MAX_USERS):
        users = [str(user_id) for user_id in user_ids[start : start + MAX_USERS]]
        payload = json.dumps([str(event_id), users, event_deleted])
        connection.execute(query, {"channel": HINTS_CHANNEL, "payload": payload})


def hint_organisers(connection: Connection, event_id: UUID) -> None:
    """Of a change that no guest sees: a hint without users, of which PostgreSQL sends one for each transaction."""
    payload = json.dumps([str(event_id), [], False])
    connection.execute(text("SELECT pg_notify(:channel, :payload)"), {"channel": HINTS_CHANNEL, "payload": payload})


def hint_people_in(connection: Connection, event_id: UUID, photo_ids: Sequence[UUID]) -> None:
    """For those who have one of the photos; before their matches go."""
    query = text(
        "SELECT DISTINCT user_id FROM matcher.matches JOIN matcher.people USING (event_id, person_id)"
        " WHERE event_id = :event AND photo_id = ANY(:photos)"
    )
    users = connection.execute(query, {"event": event_id, "photos": list(photo_ids)}).scalars().all()
    hint(connection, event_id, users)


def hint_all(connection: Connection, event_id: UUID, *, event_deleted: bool = False) -> None:
    """For every member of the event."""
    query = text("SELECT user_id FROM matcher.memberships WHERE event_id = :event")
    users = connection.execute(query, {"event": event_id}).scalars().all()
    hint(connection, event_id, users, event_deleted=event_deleted)


def parse_hint(payload: str) -> Hint:
    event_id, user_ids, event_deleted = json.loads(payload)
    return Hint(UUID(event_id), tuple(UUID(user_id) for user_id in user_ids), event_deleted)
