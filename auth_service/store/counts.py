"""SQL of how many members events have, without those who wait."""

from uuid import UUID

from sqlalchemy import Connection, Engine, text

from auth_service.store.locks import lock_event
from kit.db.engine import transaction


class CountStore:
    """The counts that events keep."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def repair(self) -> None:
        """Counts again where a process of the previous version added or removed members without counting them."""
        drifted = text(
            """
            SELECT e.id FROM auth.events e
            LEFT JOIN (SELECT event_id, count(*) FROM auth.memberships WHERE NOT waiting GROUP BY event_id) m
                ON m.event_id = e.id
            WHERE e.member_count <> coalesce(m.count, 0)
            """
        )
        count = text(
            "UPDATE auth.events SET member_count ="
            " (SELECT count(*) FROM auth.memberships WHERE event_id = :event AND NOT waiting) WHERE id = :event"
        )
        with transaction(self._engine) as connection:
            events = [row.id for row in connection.execute(drifted)]
        for event in events:
            with transaction(self._engine) as connection:
                lock_event(connection, event)
                connection.execute(count, {"event": event})


def count_guests(connection: Connection, event_id: UUID, change: int) -> None:
    query = text("UPDATE auth.events SET member_count = member_count + :change WHERE id = :event")
    connection.execute(query, {"event": event_id, "change": change})


def uncount_guest(connection: Connection, user_id: UUID) -> None:
    """Before an account is erased, and under the locks of its events: one guest less in each of them."""
    events = "SELECT event_id FROM auth.memberships WHERE user_id = :user AND NOT waiting"
    count = text(f"UPDATE auth.events SET member_count = member_count - 1 WHERE id IN ({events})")
    connection.execute(count, {"user": user_id})
