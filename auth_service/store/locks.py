"""The rows that other work waits for. Locks are taken in one order: user, event, tokens, feed."""

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, text

from auth_service.domain import UserNotFound


def lock_user(connection: Connection, user_id: UUID) -> None:
    """Keeps the account from being erased until the commit. Raises UserNotFound."""
    query = text("SELECT FROM auth.users WHERE id = :user FOR KEY SHARE")
    if connection.execute(query, {"user": user_id}).first() is None:
        raise UserNotFound


def lock_sessions(connection: Connection, user_id: UUID) -> None:
    """Keeps the account, if there is one, from joining anything and from getting a token until the commit."""
    connection.execute(text("SELECT FROM auth.users WHERE id = :user FOR UPDATE"), {"user": user_id})


def lock_event(connection: Connection, event_id: UUID) -> Row[Any] | None:
    """Keeps the event as it is until the commit; the columns say how that is."""
    query = text(
        "SELECT closed OR coalesce(expires_at <= now(), false) AS shut, admission, expires_at, keep_days"
        " FROM auth.events WHERE id = :event FOR UPDATE"
    )
    return connection.execute(query, {"event": event_id}).first()
