"""SQL of what members agreed to."""

from uuid import UUID

from sqlalchemy import Connection, text

from auth_service.domain import Role
from auth_service.store.changes import append_joined


def agree(connection: Connection, event_id: UUID, user_id: UUID, version: str) -> bool:
    """Records a member's consent, and tells of it where their face was not searched; False where they are no member."""
    record = text(
        """
        INSERT INTO auth.consents (user_id, event_id, version)
        SELECT user_id, event_id, :version FROM auth.memberships WHERE event_id = :event AND user_id = :user
        ON CONFLICT (user_id, event_id, version) DO UPDATE SET given_at = now()
        """
    )
    search = text(
        "UPDATE auth.memberships SET searched = true WHERE event_id = :event AND user_id = :user AND NOT searched"
        " RETURNING role, waiting"
    )
    values = {"user": user_id, "event": event_id, "version": version}
    is_member = connection.execute(record, values).rowcount == 1
    changed = connection.execute(search, values).first()
    if changed and not changed.waiting:
        append_joined(connection, event_id, user_id, Role(changed.role), is_searched=True)
    return is_member


def insert_consent(connection: Connection, user_id: UUID, event_id: UUID, version: str) -> None:
    query = text("INSERT INTO auth.consents (user_id, event_id, version) VALUES (:user, :event, :version)")
    connection.execute(query, {"user": user_id, "event": event_id, "version": version})
