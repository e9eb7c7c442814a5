"""SQL of erasures queued for the ledger (kit.erasure.ledger); all schemas have the same `erased` table."""

from collections.abc import Iterable, Sequence
from typing import ClassVar
from uuid import UUID

from sqlalchemy import Connection, Engine, text

from kit.db.engine import transaction
from kit.erasure.ledger import Erasure, Gone


class ErasureLog:
    """The queue of erasures in the schema of a service."""

    schema: ClassVar[str]

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def list_erasures(self, limit: int) -> list[Erasure]:
        """The oldest erasures."""
        query = text(f"SELECT place, kind, id FROM {self.schema}.erased ORDER BY place LIMIT :limit")
        with transaction(self._engine) as connection:
            rows = connection.execute(query, {"limit": limit}).all()
        return [Erasure(Gone(row.kind), row.id, row.place) for row in rows]

    def settle_erasures(self, places: Sequence[int]) -> None:
        """Removes erasures that are in the ledger."""
        delete = text(f"DELETE FROM {self.schema}.erased WHERE place = ANY(:places)")
        with transaction(self._engine, "ledger-settle") as connection:
            connection.execute(delete, {"places": list(places)})

    @classmethod
    def note(cls, connection: Connection, kind: Gone, ids: Iterable[UUID]) -> None:
        """Queues erasures in the transaction that erases."""
        insert = text(f"INSERT INTO {cls.schema}.erased (kind, id) SELECT :kind, unnest(CAST(:ids AS uuid[]))")
        connection.execute(insert, {"kind": kind.value, "ids": list(ids)})
