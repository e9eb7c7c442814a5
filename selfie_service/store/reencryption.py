"""SQL of `reencrypt`, which seals selfies and encodings with the first master key."""

from collections.abc import Callable
from uuid import UUID

from sqlalchemy import Connection, text

from kit.db.engine import transaction
from kit.db.sealing import SealingStore, vault_of
from selfie_service.store.encodings import SCHEMA
from selfie_service.store.people import lock_person

FIRST_ID = UUID(int=0)


class ReencryptionStore(SealingStore):
    """Reads and reseals selfies and encodings."""

    schema = SCHEMA

    def find_person(self, after: UUID | None) -> UUID | None:
        """Returns the next person in the order of ids."""
        query = text("SELECT person_id FROM selfie.people WHERE person_id > :after ORDER BY person_id LIMIT 1")
        with transaction(self._engine) as connection:
            return connection.execute(query, {"after": after or FIRST_ID}).scalar()

    def reseal(self, person_id: UUID) -> int:
        """Reseals the person's encodings that need it, and returns their number. Raises Damaged, WrongMasterKey."""
        with transaction(self._engine, "encodings-reseal") as connection:
            lock_person(connection, person_id)
            return _reseal(connection, person_id, "people", "person_id", "bound_encoding") + _reseal(
                connection, person_id, "selfies", "id", "encoding"
            )

    def list_files(self, person_id: UUID) -> list[str]:
        """Returns the keys of the person's files."""
        query = text("SELECT image_key FROM selfie.selfies WHERE person_id = :person AND image_key IS NOT NULL")
        with transaction(self._engine) as connection:
            return list(connection.execute(query, {"person": person_id}).scalars())

    def replace_file(self, person_id: UUID, key: str, write: Callable[[], str]) -> bool:
        """Moves a selfie to the file that `write` creates, and queues the other file for deletion; returns False if no
        selfie uses `key` any more."""
        new_key = write()
        change = text("UPDATE selfie.selfies SET image_key = :new WHERE person_id = :person AND image_key = :old")
        queue = text("INSERT INTO selfie.blob_deletions (key) VALUES (:key) ON CONFLICT DO NOTHING")
        with transaction(self._engine, "selfie-move") as connection:
            lock_person(connection, person_id)
            values = {"person": person_id, "old": key, "new": new_key}
            is_replaced = connection.execute(change, values).rowcount > 0
            connection.execute(queue, {"key": key if is_replaced else new_key})
            return is_replaced


def _reseal(connection: Connection, person_id: UUID, table: str, key: str, column: str) -> int:
    seal = vault_of(connection).of_person(person_id)
    find = text(f"SELECT {key} AS id, {column} AS stored FROM selfie.{table} WHERE person_id = :person")
    change = text(f"UPDATE selfie.{table} SET {column} = :sealed WHERE {key} = :id")
    count = 0
    for row in connection.execute(find, {"person": person_id}).all():
        if row.stored is not None and not seal.is_current(bytes(row.stored)):
            connection.execute(change, {"id": row.id, "sealed": seal.seal(seal.open(bytes(row.stored)))})
            count += 1
    return count
