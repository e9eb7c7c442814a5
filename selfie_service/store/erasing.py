"""SQL that erases faces: images, encodings and bindings."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import Connection, Engine, text

from kit.db.engine import transaction
from kit.erasure.ledger import Gone
from selfie_service.domain import first_person
from selfie_service.store.bindings import unbind
from selfie_service.store.hints import hint_owner
from selfie_service.store.ledger import note_erased
from selfie_service.store.people import lock_person, queue_blob_deletions, raise_revision, want_forgetting

EMPTIED = "image = NULL, image_key = NULL, encoding = NULL, lease_until = NULL"
# Accounts that leave their last event by mistake, or are admitted again, keep the face.
GRACE = "interval '1 day'"
BATCH = 100


class LeaverStore:
    """Erases the faces of accounts that are in no event any more."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def erase_due(self) -> bool:
        """Erases a batch of people who have been in no event for a day, except those with a newer selfie, who may be
        waiting for admission. Returns whether there may be more. Each person is a separate transaction, which checks
        again under the lock that joins take."""
        due = f"p.without_events_since < now() - {GRACE}"
        query = text(f"SELECT person_id, user_id FROM selfie.people p WHERE {due} LIMIT {BATCH}")
        still = text(
            f"""
            SELECT FROM selfie.people p WHERE person_id = :person AND {due}
            AND NOT EXISTS (SELECT FROM selfie.selfies s WHERE s.person_id = p.person_id
                AND s.created_at > p.without_events_since)
            """
        )
        settle = text(f"UPDATE selfie.people p SET without_events_since = NULL WHERE person_id = :person AND {due}")
        with transaction(self._engine) as connection:
            people = connection.execute(query).all()
        for row in people:
            with transaction(self._engine, "selfie-erase-left") as connection:
                lock_person(connection, first_person(row.user_id))
                if connection.execute(still, {"person": row.person_id}).first() is not None:
                    erase_selfies(connection, row.person_id)
                connection.execute(settle, {"person": row.person_id})
        return len(people) == BATCH


def begin_grace(connection: Connection, user_id: UUID) -> None:
    """Starts the grace period of an account that has left its last event; its people must be locked."""
    leave = text("UPDATE selfie.people SET without_events_since = now() WHERE user_id = :user")
    connection.execute(leave, {"user": user_id})


def end_grace(connection: Connection, user_id: UUID) -> None:
    """Ends the grace period of an account that is in an event; its first person must be locked."""
    stay = text(
        "UPDATE selfie.people SET without_events_since = NULL"
        " WHERE user_id = :user AND without_events_since IS NOT NULL"
    )
    connection.execute(stay, {"user": user_id})


def erase_selfies(connection: Connection, person_id: UUID) -> None:
    """Erases all selfies of a person, if they exist, and their binding; every event forgets their matches."""
    if lock_person(connection, person_id) is None:
        return
    revision = raise_revision(connection, person_id)
    _note_selfies(connection, person_id)
    condition = "person_id = :person AND state NOT IN ('superseded', 'deleted')"
    empty(connection, condition, "state = 'deleted'", {"person": person_id})
    unbind(connection, person_id)
    want_forgetting(connection, person_id, revision)
    hint_owner(connection, person_id)


def _note_selfies(connection: Connection, person_id: UUID) -> None:
    """Includes superseded selfies: in a backup, one of them may be the active one."""
    query = text("SELECT id FROM selfie.selfies WHERE person_id = :person AND state <> 'deleted'")
    note_erased(connection, Gone.SELFIE, connection.execute(query, {"person": person_id}).scalars())


def delete_person(connection: Connection, person_id: UUID) -> None:
    """Deletes a person other than the first; the row stays without a name until every event has forgotten the face."""
    erase_selfies(connection, person_id)
    note_erased(connection, Gone.PERSON, [person_id])
    delete = text(
        "UPDATE selfie.people SET deleted_at = now(), name = '', request_id = NULL, consent_version = NULL"
        " WHERE person_id = :person"
    )
    connection.execute(delete, {"person": person_id})


def empty(connection: Connection, condition: str, change: str, values: Mapping[str, object]) -> None:
    """Removes image and encoding from selfies whose rows are locked."""
    queue_blob_deletions(connection, condition, values)
    connection.execute(text(f"UPDATE selfie.selfies SET {change}, {EMPTIED} WHERE {condition}"), values)
