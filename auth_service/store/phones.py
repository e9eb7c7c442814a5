"""SQL of the phones with which guests joined an event."""

from uuid import UUID

from sqlalchemy import Connection, Engine, text

from auth_service.domain import Member, RemovedFromEvent, Role
from kit.db.engine import transaction

MAX_GUESTS = 1000


class PhoneStore:
    """Finds guests by the marks of their phones."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def list_shared(self, event_id: UUID, least: int) -> list[list[Member]]:
        """Returns the guests of each phone with which at least `least` guests joined, the most guests first."""
        query = text(
            """
            SELECT m.phone_hash, m.user_id, u.username, u.display_name, m.role, m.joined_at, m.waiting
            FROM auth.memberships m JOIN auth.users u ON u.id = m.user_id
            JOIN (SELECT phone_hash, count(*) AS count FROM auth.memberships
                  WHERE event_id = :event AND role = 'guest' AND phone_hash IS NOT NULL
                  GROUP BY phone_hash HAVING count(*) >= :least) shared USING (phone_hash)
            WHERE m.event_id = :event AND m.role = 'guest'
            ORDER BY shared.count DESC, m.phone_hash, m.joined_at, m.user_id LIMIT :limit
            """
        )
        phones: dict[bytes, list[Member]] = {}
        with transaction(self._engine) as connection:
            for row in connection.execute(query, {"event": event_id, "least": least, "limit": MAX_GUESTS}):
                member = Member(row.user_id, row.username, row.display_name, Role(row.role), row.joined_at, row.waiting)
                phones.setdefault(bytes(row.phone_hash), []).append(member)
        return list(phones.values())


def mark_phone(connection: Connection, event_id: UUID, user_id: UUID, phone_hash: bytes | None) -> None:
    """Stores the phone with which a new member joined, if known, in the membership."""
    if phone_hash:
        mark = text("UPDATE auth.memberships SET phone_hash = :phone WHERE event_id = :event AND user_id = :user")
        connection.execute(mark, {"event": event_id, "user": user_id, "phone": phone_hash})


def find_phone(connection: Connection, event_id: UUID, user_id: UUID) -> bytes | None:
    """Returns the hash of the phone with which a member joined, if known."""
    query = text("SELECT phone_hash FROM auth.memberships WHERE event_id = :event AND user_id = :user")
    phone_hash: bytes | None = connection.execute(query, {"event": event_id, "user": user_id}).scalar()
    return phone_hash


def require_not_removed(connection: Connection, event_id: UUID, phone_hash: bytes | None) -> None:
    """Rejects a removed guest who returns as a new account. A phone that another member has used as well may be
    shared by a family or a table, and is accepted. Requires the event's lock.

    Raises RemovedFromEvent.
    """
    query = text(
        "SELECT FROM auth.removals WHERE event_id = :event AND phone_hash = :phone AND NOT EXISTS ("
        " SELECT FROM auth.memberships WHERE event_id = :event AND phone_hash = :phone)"
    )
    values = {"event": event_id, "phone": phone_hash}
    if phone_hash and connection.execute(query, values).first() is not None:
        raise RemovedFromEvent
