"""SQL of scheduled releases of photos."""

from sqlalchemy import Engine, text

from kit.db.engine import transaction
from matcher_service.store.hints import hint_all


class ReleaseStore:
    """Scheduled releases. Guests may see the photos from the scheduled time on; this class notifies open pages."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def release_due(self) -> bool:
        """Releases one event; each is released once, by any process. Returns False if no event is due."""
        find = text(
            "SELECT id FROM matcher.events WHERE held AND releases_at <= now() AND NOT gone"
            " ORDER BY releases_at LIMIT 1 FOR UPDATE SKIP LOCKED"
        )
        release = text("UPDATE matcher.events SET held = false, releases_at = NULL WHERE id = :event")
        with transaction(self._engine, "event-release") as connection:
            event_id = connection.execute(find).scalar()
            if event_id is None:
                return False
            connection.execute(release, {"event": event_id})
            hint_all(connection, event_id)
            return True
