"""SQL of a replay of the ledger: people whom a restored database still has."""

from sqlalchemy import Engine, text

from kit.db import transaction
from kit.ledger import Erasure, Gone
from selfie_service.store.erasing import delete_person
from selfie_service.store.people import lock_first_person


class ReplayStore:
    """Deletes people again; accounts are auth_service's, whose feed brings their end here."""

    kinds = (Gone.PERSON,)

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def erase(self, erasure: Erasure) -> bool:
        """Whether the person was there."""
        query = text(
            "SELECT user_id FROM selfie.people"
            " WHERE person_id = :person AND person_id <> user_id AND deleted_at IS NULL"
        )
        person = {"person": erasure.id}
        with transaction(self._engine, "replay") as connection:
            user_id = connection.execute(query, person).scalar()
            if user_id is None:
                return False
            lock_first_person(connection, user_id)
            delete_person(connection, erasure.id)
            return True
