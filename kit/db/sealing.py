"""Whether the faces in a schema are encrypted yet, and with which vault.

In a new installation they always are. After an upgrade from a version without encryption, they are once `reencrypt` has
run: processes of that version may run alongside ours during the upgrade and cannot read encrypted values.
"""

from contextlib import suppress
from typing import Any, ClassVar

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from kit.db.engine import transaction
from kit.settings import InvalidSetting
from kit.vault import NO_KEYS, Seal, Vault


def vault_of(connection: Connection) -> Vault:
    """The vault of the connection's engine (`kit.db.engine.create_db`)."""
    options: dict[str, Any] = dict(connection.get_execution_options())
    vault: Vault = options.get("vault", NO_KEYS)
    return vault


def seal(connection: Connection, schema: str, by: Seal, data: bytes) -> bytes:
    """Encrypts the value if the schema is already encrypted."""
    return by.seal(data) if is_sealing(connection, schema) else data


def is_sealing(connection: Connection, schema: str) -> bool:
    vault = vault_of(connection)
    if schema in vault.sealing or not vault.has_keys:
        return vault.has_keys
    if connection.execute(text(f"SELECT FROM {schema}.encryption")).first() is None:
        return False
    vault.sealing.add(schema)
    return True


def require_master_key(engine: Engine, *columns: tuple[str, str]) -> None:
    """Raises InvalidSetting if a value in one of the columns (table, name) is encrypted with a master key that the
    engine's vault lacks. Skips the check if the database is unavailable or lacks the table."""
    for table, column in columns:
        query = text(f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL LIMIT 1")
        with suppress(SQLAlchemyError), engine.connect() as connection:
            stored = connection.execute(query).scalar()
            if stored is not None and not vault_of(connection).knows(bytes(stored)):
                raise InvalidSetting("MASTER_KEY: not the key that encrypted the faces; put back the copy of the file")


class SealingStore:
    """The state of encryption in the schema of a service."""

    schema: ClassVar[str]

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def has_begun(self) -> bool:
        """Whether processes encrypt what they write."""
        with transaction(self._engine) as connection:
            return connection.execute(text(f"SELECT FROM {self.schema}.encryption")).first() is not None

    def begin(self) -> None:
        """Makes every process encrypt from its next write on; this cannot be undone."""
        table = f"{self.schema}.encryption"
        with transaction(self._engine) as connection:
            connection.execute(text(f"INSERT INTO {table} (since) SELECT now() WHERE NOT EXISTS (SELECT FROM {table})"))
