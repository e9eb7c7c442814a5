"""SQL that takes faces away: bytes, encodings, and what a person is bound to."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import Connection, Engine, text

from kit.db import transaction
from kit.ledger import Gone
from selfie_service.store.bindings import unbind
from selfie_service.store.hints import hint_owner
from selfie_service.store.ledger import note_erased
from selfie_service.store.people import lock_person, queue_blob_deletions, raise_revision, want_forgetting

EMPTIED = "image = NULL, image_key = NULL, encoding = NULL, lease_until = NULL"
KEPT_DAYS = 30
BATCH = 100


class OldSelfieStore:
    """Selfies of accounts that were in no event when this version came: nobody tells us of them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def erase_old(self) -> bool:
        """Some of those that still are in none, and have taken no other selfie since. Whether there may be more."""
        due = f"p.without_events_since < now() - interval '{KEPT_DAYS} days'"
        query = text(f"SELECT person_id FROM selfie.people p WHERE {due} ORDER BY without_events_since LIMIT {BATCH}")
        still = text(
            f"""
            SELECT FROM selfie.people p WHERE person_id = :person AND {due}
            AND NOT EXISTS (SELECT FROM selfie.selfies s WHERE s.person_id = p.person_id
                AND s.created_at > p.without_events_since)
            """
        )
        settle = text("UPDATE selfie.people SET without_events_since = NULL WHERE person_id = :person")
        with transaction(self._engine) as connection:
            people = list(connection.execute(query).scalars())
        for person in people:
            with transaction(self._engine, "selfie-erase-old") as connection:
                lock_person(connection, person)
                if connection.execute(still, {"person": person}).first() is not None:
                    erase_selfies(connection, person)
                connection.execute(settle, {"person": person})
        return len(people) == BATCH


def erase_selfies(connection: Connection, person_id: UUID) -> None:
    """All of a person, if we know them, and what they are bound to; matches are forgotten wherever there are any."""
    if lock_person(connection, person_id) is None:
        return
    revision = raise_revision(connection, person_id)
    condition = "person_id = :person AND state NOT IN ('superseded', 'deleted')"
    empty(connection, condition, "state = 'deleted'", {"person": person_id})
    unbind(connection, person_id)
    want_forgetting(connection, person_id, revision)
    hint_owner(connection, person_id)


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
