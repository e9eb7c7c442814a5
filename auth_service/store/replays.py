"""SQL of a replay of the ledger: erases accounts and events that a restored database still contains."""

from sqlalchemy import Engine, text

from auth_service.store.accounts import erase_account
from auth_service.store.events import delete_event
from kit.db.engine import transaction
from kit.erasure.ledger import Erasure, Gone

TABLES = {Gone.USER: "users", Gone.EVENT: "events"}


class ReplayStore:
    """Erases accounts and events again, in the ordinary way: the feed propagates it to the other services."""

    kinds = tuple(TABLES)

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def erase(self, erasure: Erasure) -> bool:
        """Returns whether it existed."""
        known = text(f"SELECT FROM auth.{TABLES[erasure.kind]} WHERE id = :id")
        with transaction(self._engine, "replay") as connection:
            if connection.execute(known, {"id": erasure.id}).first() is None:
                return False
            (erase_account if erasure.kind is Gone.USER else delete_event)(connection, erasure.id)
            return True
