"""SQL of `reencrypt`: seals encodings with the first master key unless they already are."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, text

from kit.db.engine import transaction
from kit.db.sealing import SealingStore, vault_of
from matcher_service.store.encodings import SCHEMA
from matcher_service.store.events import lock_event

FIRST_ID = UUID(int=0)


@dataclass(frozen=True)
class Column:
    """A column of encodings, the key of its rows within an event, and whether it is sealed for a person."""

    table: str
    name: str
    key: str
    of_person: bool = False


COLUMNS = (
    Column("faces", "encoding", "photo_id, face_no"),
    Column("reread_faces", "encoding", "photo_id, face_no"),
    Column("people", "encodings", "person_id", of_person=True),
)


class ReencryptionStore(SealingStore):
    """Finds and re-encrypts encodings that are not sealed with the first master key."""

    schema = SCHEMA

    def find_event(self, after: UUID | None) -> UUID | None:
        """The next event in the order of ids."""
        query = text("SELECT id FROM matcher.events WHERE id > :after AND NOT gone ORDER BY id LIMIT 1")
        with transaction(self._engine) as connection:
            return connection.execute(query, {"after": after or FIRST_ID}).scalar()

    def reseal(self, event_id: UUID, column: Column, limit: int) -> int:
        """Re-encrypts at most `limit` encodings; returns how many there were. Raises Damaged, WrongMasterKey."""
        with transaction(self._engine, "encodings-reseal") as connection:
            if lock_event(connection, event_id) is None:
                return 0
            return _reseal(connection, event_id, column, limit)


def _reseal(connection: Connection, event_id: UUID, column: Column, limit: int) -> int:
    vault = vault_of(connection)
    header = vault.of_event(event_id).header
    find = text(
        f"SELECT {column.key}, {column.name} AS stored FROM matcher.{column.table} WHERE event_id = :event"
        f" AND substr({column.name}, 1, {len(header)}) <> :header ORDER BY {column.key} LIMIT :limit"
    )
    values = {"event": event_id, "header": header, "limit": limit}
    rows = connection.execute(find, values).mappings().all()
    is_row = " AND ".join(f"{name} = :{name}" for name in column.key.split(", "))
    change = text(f"UPDATE matcher.{column.table} SET {column.name} = :sealed WHERE event_id = :event AND {is_row}")
    for row in rows:
        seal = vault.of_person(row["person_id"]) if column.of_person else vault.of_event(event_id)
        sealed = seal.seal(seal.open(bytes(row["stored"])))
        connection.execute(change, {**row, "event": event_id, "sealed": sealed})
    return len(rows)
