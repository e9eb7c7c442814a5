"""SQL of bindings: the first face of each person, and the times at which an account bound one.

A deletion removes the face and keeps the time, the only record of how often an account started over.
"""

from uuid import UUID

from sqlalchemy import Connection, Engine, text

from kit.db.engine import transaction
from selfie_service.domain import Bound
from selfie_service.store.encodings import open_person, seal_person

RECENT = "bound_at > now() - interval '24 hours'"


class BindingStore:
    """Deletes old times of bindings."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def forget_old(self) -> bool:
        """Deletes times that no longer count; returns False, since nothing is left to do."""
        with transaction(self._engine, "bindings-forget") as connection:
            connection.execute(text(f"DELETE FROM selfie.bindings WHERE NOT {RECENT}"))
        return False


def read_bound(connection: Connection, person_id: UUID) -> Bound:
    """Reads the binding of a locked person. Must be a statement after the one that locks, to see the latest commit."""
    query = text(
        f"""
        SELECT bound_encoding, (
            SELECT count(*) FROM selfie.bindings b WHERE b.user_id = p.user_id AND {RECENT}) AS recent_count
        FROM selfie.people p WHERE person_id = :person
        """
    )
    row = connection.execute(query, {"person": person_id}).one()
    if row.bound_encoding is None:
        return Bound(None, row.recent_count)
    return Bound(open_person(connection, person_id, bytes(row.bound_encoding)), row.recent_count)


def bind(connection: Connection, person_id: UUID, encoding: bytes) -> None:
    """Binds a locked person to a face."""
    query = text("UPDATE selfie.people SET bound_encoding = :encoding WHERE person_id = :person")
    connection.execute(query, {"person": person_id, "encoding": seal_person(connection, person_id, encoding)})


def unbind(connection: Connection, person_id: UUID) -> None:
    """Removes the binding of a locked person; their next valid selfie creates a new one."""
    query = text("UPDATE selfie.people SET bound_encoding = NULL WHERE person_id = :person")
    connection.execute(query, {"person": person_id})


def count_binding(connection: Connection, person_id: UUID) -> None:
    """Records that the account of a locked person has bound a face."""
    query = text("INSERT INTO selfie.bindings (user_id) SELECT user_id FROM selfie.people WHERE person_id = :person")
    connection.execute(query, {"person": person_id})


def forget_bindings(connection: Connection, user_id: UUID) -> None:
    """For an account that is being erased."""
    connection.execute(text("DELETE FROM selfie.bindings WHERE user_id = :user"), {"user": user_id})
