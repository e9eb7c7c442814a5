"""Row locks that serialize transactions, taken in one order: user, event, tokens, feed."""

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, text

from auth_service.domain import UserNotFound


def lock_user(connection: Connection, user_id: UUID) -> None:
    """Prevents the erasure of the account until the commit. Raises UserNotFound."""
    query = text("SELECT FROM auth.users WHERE id = :user FOR KEY SHARE")
    if connection.execute(query, {"user": user_id}).first() is None:
        raise UserNotFound


def lock_sessions(connection: Connection, user_id: UUID) -> None:
    """Prevents the account, if it exists, from joining an event or getting a token until the commit."""
    connection.execute(text("SELECT FROM auth.users WHERE id = :user FOR UPDATE"), {"user": user_id})


def lock_event(connection: Connection, event_id: UUID) -> Row[Any] | None:
    """Locks the event until the commit, and returns its current state; None if it does not exist."""
    query = text(
        "SELECT closed OR coalesce(expires_at <= now(), false) AS ended, admission, expires_at, keep_days"
        " FROM auth.events WHERE id = :event FOR UPDATE"
    )
    return connection.execute(query, {"event": event_id}).first()
