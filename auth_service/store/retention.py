"""SQL of retention: events are hidden from guests at the end of their retention, and deleted a week later."""

from uuid import UUID

from sqlalchemy import Engine, text

from auth_service.offers import HIDDEN_DAYS
from auth_service.store.changes import append_event_change
from auth_service.store.events import delete_event
from auth_service.store.locks import lock_event
from auth_service.store.offers import HIDES_AT
from kit.db.engine import transaction

IS_DUE = f"coalesce({HIDES_AT} <= now(), false)"
IS_OUT_OF_DATE = f"{IS_DUE} <> (e.hidden_at IS NOT NULL)"
IS_OVER = f"{IS_DUE} AND e.hidden_at <= now() - interval '{HIDDEN_DAYS} days'"


class RetentionStore:
    """Hides and deletes events at the end of their retention."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find_out_of_date(self) -> list[UUID]:
        """Returns events to hide, and hidden ones that an earlier version has extended."""
        return self._find(IS_OUT_OF_DATE)

    def find_over(self) -> list[UUID]:
        """Returns events to delete."""
        return self._find(IS_OVER)

    def hide(self, event_id: UUID) -> None:
        """Hides the event, or shows it again; does nothing if an organiser has changed it meanwhile."""
        update = text(
            f"UPDATE auth.events e SET hidden_at = CASE WHEN {IS_DUE} THEN now() END"
            f" WHERE e.id = :event AND {IS_OUT_OF_DATE}"
        )
        with transaction(self._engine, "event-hide") as connection:
            lock_event(connection, event_id)
            if connection.execute(update, {"event": event_id}).rowcount:
                append_event_change(connection, event_id)

    def delete(self, event_id: UUID) -> None:
        """Does nothing if an organiser has changed the event meanwhile."""
        still = text(f"SELECT FROM auth.events e WHERE e.id = :event AND {IS_OVER}")
        with transaction(self._engine, "event-expire") as connection:
            lock_event(connection, event_id)
            if connection.execute(still, {"event": event_id}).first() is not None:
                delete_event(connection, event_id)

    def _find(self, condition: str) -> list[UUID]:
        query = text(f"SELECT e.id FROM auth.events e WHERE {condition} ORDER BY e.id")
        with transaction(self._engine) as connection:
            return list(connection.execute(query).scalars())
