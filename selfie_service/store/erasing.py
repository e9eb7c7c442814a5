"""SQL that takes faces away: bytes, encodings, and what a person is bound to."""

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
# Whoever leaves their last event by mistake, or is let in again, keeps the face.
GRACE = "interval '1 day'"
BATCH = 100


class LeaverStore:
    """Faces of accounts that are in no event any more."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def erase_due(self) -> bool:
        """Some of those that have been in none for a day, and have taken no other selfie since: these may wait to be
        admitted to one. Whether there may be more. Each person is a transaction of their own, which looks again under
        the lock of whoever joins an event."""
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
    """The account, whose people are locked, has left its last event."""
    leave = text("UPDATE selfie.people SET without_events_since = now() WHERE user_id = :user")
    connection.execute(leave, {"user": user_id})


def end_grace(connection: Connection, user_id: UUID) -> None:
    """The account, whose first person is locked, is in an event."""
    stay = text(
        "UPDATE selfie.people SET without_events_since = NULL"
        " WHERE user_id = :user AND without_events_since IS NOT NULL"
    )
    connection.execute(stay, {"user": user_id})


def erase_selfies(connection: Connection, person_id: UUID) -> None:
    """All of a person, if we know them, and what they are bound to; matches are forgotten wherever there are any."""
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
    """Those that were replaced before, too: a backup may have one of them where it was in use."""
    query = text("SELECT id FROM selfie.selfies WHERE person_id = :person AND state <> 'deleted'")
    note_erased(connection, Gone.SELFIE, connection.execute(query, {"person": person_id}).scalars())


def delete_person(connection: Connection, person_id: UUID) -> None:
    """Of one who is not the first; the row stays without a name until every event has forgotten the face."""
    erase_selfies(connection, person_id)
    note_erased(connection, Gone.PERSON, [person_id])
    delete = text(
        "UPDATE selfie.people SET deleted_at = now(), name = '', request_id = NULL, consent_version = NULL"
        " WHERE person_id = :person"
    )
    connection.execute(delete, {"person": person_id})


def empty(connection: Connection, condition: str, change: str, values: Mapping[str, object]) -> None:
    """Takes bytes and encoding from selfies whose rows do not change meanwhile."""
    queue_blob_deletions(connection, condition, values)
    connection.execute(text(f"UPDATE selfie.selfies SET {change}, {EMPTIED} WHERE {condition}"), values)
