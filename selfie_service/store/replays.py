"""SQL of a replay of the ledger: deletes people and selfies that a restored database still contains."""

from uuid import UUID

from sqlalchemy import Engine, text

from kit.db.engine import transaction
from kit.erasure.ledger import Erasure, Gone
from selfie_service.store.erasing import delete_person, erase_selfies
from selfie_service.store.people import lock_first_person


class ReplayStore:
    """Deletes people and selfies again; accounts belong to auth_service, whose feed propagates their erasure."""

    kinds = (Gone.PERSON, Gone.SELFIE)

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def erase(self, erasure: Erasure) -> bool:
        """Returns whether the person or the selfie existed."""
        return self._erase_person(erasure.id) if erasure.kind is Gone.PERSON else self._erase_selfie(erasure.id)

    def _erase_person(self, person_id: UUID) -> bool:
        query = text(
            "SELECT user_id FROM selfie.people"
            " WHERE person_id = :person AND person_id <> user_id AND deleted_at IS NULL"
        )
        with transaction(self._engine, "replay") as connection:
            user_id = connection.execute(query, {"person": person_id}).scalar()
            if user_id is None:
                return False
            lock_first_person(connection, user_id)
            delete_person(connection, person_id)
            return True

    def _erase_selfie(self, selfie_id: UUID) -> bool:
        """Erases all selfies of the person, as the deletion did, and the binding."""
        query = text(
            "SELECT user_id, person_id FROM selfie.selfies"
            " WHERE id = :selfie AND state NOT IN ('superseded', 'deleted')"
        )
        with transaction(self._engine, "replay") as connection:
            found = connection.execute(query, {"selfie": selfie_id}).first()
            if found is None:
                return False
            lock_first_person(connection, found.user_id)
            erase_selfies(connection, found.person_id)
            return True
