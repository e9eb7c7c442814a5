"""SQL of replaying the ledger: erases photos that a restored database still has."""

from sqlalchemy import Engine

from kit.db.engine import transaction
from kit.erasure.ledger import Erasure, Gone
from matcher_service.store.events import find_event, lock_event
from matcher_service.store.uploads import delete_photos


class ReplayStore:
    """Erases photos again; auth_service erases accounts and events, which its feed reports to this service."""

    kinds = (Gone.PHOTO,)

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def erase(self, erasure: Erasure) -> bool:
        """Erases a photo; returns whether it existed."""
        with transaction(self._engine, "replay") as connection:
            event_id = find_event(connection, erasure.id)
            if event_id is None or lock_event(connection, event_id) is None:
                return False
            return delete_photos(connection, event_id, [erasure.id]) > 0
