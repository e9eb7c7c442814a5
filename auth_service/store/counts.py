"""SQL of the member counts of events, which exclude waiting guests."""

from uuid import UUID

from sqlalchemy import Connection, Engine, text

from auth_service.store.locks import lock_event
from kit.db.engine import transaction


class CountStore:
    """The counts that are stored with events."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def repair(self) -> None:
        """Corrects the counts of events to which processes of the previous version added or removed members."""
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
    """Decrements the counts of a user's events before the account is erased; requires the locks of the events."""
    events = "SELECT event_id FROM auth.memberships WHERE user_id = :user AND NOT waiting"
    count = text(f"UPDATE auth.events SET member_count = member_count - 1 WHERE id IN ({events})")
    connection.execute(count, {"user": user_id})
