"""SQL of the audit log; acts are recorded in the transaction that does them. All schemas have the same `acts` table."""

from enum import Enum
from typing import ClassVar
from uuid import UUID, uuid4

from sqlalchemy import Connection, Engine, text

from kit.audit.acts import Act, ActQuery
from kit.db.engine import transaction
from kit.rpc.identity import current_caller, current_network

DONE = "done"
BATCH = 10_000


class ActLog:
    """The audit log in the schema of a service; organisers read the acts of their events."""

    schema: ClassVar[str]

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def list_acts(self, event_id: UUID, page: ActQuery) -> list[Act]:
        """Newest first."""
        before = "AND (at, id) < (:at, :id)" if page.before else ""
        query = text(
            f"SELECT * FROM {self.schema}.acts WHERE event_id = :event {before} ORDER BY at DESC, id DESC LIMIT :size"
        )
        at, last = page.before or (None, None)
        with transaction(self._engine) as connection:
            rows = connection.execute(query, {"event": event_id, "at": at, "id": last, "size": page.size})
            return [
                Act(row.id, row.at, row.actor_id, row.action, row.object_id, row.result, row.network) for row in rows
            ]

    def delete_old(self, days: int) -> bool:
        """Deletes a batch of old acts; returns whether there may be more."""
        delete = text(
            f"DELETE FROM {self.schema}.acts WHERE id IN (SELECT id FROM {self.schema}.acts"
            f" WHERE at < now() - make_interval(days => :days) ORDER BY at LIMIT {BATCH})"
        )
        with transaction(self._engine, "acts-tidy") as connection:
            return connection.execute(delete, {"days": days}).rowcount == BATCH

    @classmethod
    def note(
        cls,
        connection: Connection,
        action: Enum,
        event_id: UUID | None = None,
        object_id: UUID | None = None,
        result: str = DONE,
    ) -> None:
        """Records an act of the caller of the current rpc."""
        insert = text(
            f"INSERT INTO {cls.schema}.acts (id, at, actor_id, action, event_id, object_id, result, network)"
            " VALUES (:id, clock_timestamp(), :actor, :action, :event, :object, :result, :network)"
        )
        values = {
            "id": uuid4(),
            "actor": current_caller().id,
            "action": action.value,
            "event": event_id,
            "object": object_id,
            "result": result,
            "network": current_network(),
        }
        connection.execute(insert, values)
