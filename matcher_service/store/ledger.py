"""SQL of what is erased and goes to the ledger, which outlives a restore."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import Connection, Engine, text

from kit.db import transaction
from kit.ledger import Erasure, Gone


class LedgerStore:
    """The queue of the ledger."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def list_erasures(self, limit: int) -> list[Erasure]:
        query = text("SELECT place, kind, id FROM matcher.erased ORDER BY place LIMIT :limit")
        with transaction(self._engine) as connection:
            rows = connection.execute(query, {"limit": limit}).all()
        return [Erasure(Gone(row.kind), row.id, row.place) for row in rows]

    def settle_erasures(self, places: Sequence[int]) -> None:
        delete = text("DELETE FROM matcher.erased WHERE place = ANY(:places)")
        with transaction(self._engine, "ledger-settle") as connection:
            connection.execute(delete, {"places": list(places)})


def note_erased(connection: Connection, kind: Gone, ids: Iterable[UUID]) -> None:
    """In the transaction that erases."""
    insert = text("INSERT INTO matcher.erased (kind, id) SELECT :kind, unnest(CAST(:ids AS uuid[]))")
    connection.execute(insert, {"kind": kind.value, "ids": list(ids)})
