"""SQL of what members agreed to."""

from uuid import UUID

from sqlalchemy import Connection, Engine, text

from auth_service.domain import Consent, Role
from auth_service.store.changes import append_joined
from kit.db import transaction


class ConsentStore:
    """Consents."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def list_consents(self, user_id: UUID) -> list[Consent]:
        """Oldest first, of events that are left or deleted as well."""
        query = text("SELECT * FROM auth.consents WHERE user_id = :user ORDER BY given_at, event_id, version")
        with transaction(self._engine) as connection:
            rows = connection.execute(query, {"user": user_id}).all()
        return [Consent(row.event_id, row.version, row.given_at) for row in rows]


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
