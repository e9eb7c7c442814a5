"""SQL of selfies: uploads, the queue until a verdict, and their files."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, Row, text

from kit.db.engine import statement, transaction
from kit.db.sealing import is_sealing
from kit.errors import Fault
from selfie_service.domain import (
    MAX_ACTIVE,
    MAX_FAILURES,
    Decision,
    EventClosed,
    IdempotencyKeyReused,
    Judge,
    NewSelfie,
    QueueFull,
    RejectReason,
    RequestInProgress,
    Selfie,
    SelfieJob,
    SelfieState,
    StoredImage,
    UserNotFound,
)
from selfie_service.domain.people import ConsentWithdrawn, TooManySelfies
from selfie_service.spending import Spent
from selfie_service.store.acts import note_new_face
from selfie_service.store.bindings import bind, count_binding, read_bound
from selfie_service.store.claims import CLAIM, NOTHING_SPENT, claim_values
from selfie_service.store.encodings import SCHEMA, seal_person
from selfie_service.store.erasing import empty, erase_selfies
from selfie_service.store.hints import hint_owner
from selfie_service.store.people import (
    SELFIES_CHANNEL,
    lock_first_person,
    lock_person,
    notify,
    raise_revision,
    want_rematches,
)

FENCE = "id = :selfie AND attempt = :attempt AND state = 'pending'"
# The whole upload is one round trip, because the guest waits for each one and the person is locked in the meantime.
ADD = text(
    "SELECT outcome, selfie_id FROM selfie.add_selfie_of("
    ":id, :user_id, :person_id, :idempotency_key, :sha256, :image_key, :content_type, :max_pending, :is_addition,"
    " :max_active)"
)
FAULTS: dict[str, type[Fault]] = {
    "in_progress": RequestInProgress,
    "unknown_user": UserNotFound,
    "key_reused": IdempotencyKeyReused,
    "shut_out": EventClosed,
    "queue_full": QueueFull,
    "too_many": TooManySelfies,
    "no_consent": ConsentWithdrawn,
}


class SelfieStore:
    """Selfies of guests. At most `max_pending` wait for a verdict; concurrent uploads may exceed it slightly."""

    def __init__(self, engine: Engine, max_pending: int = 10_000) -> None:
        self._engine = engine
        self._max_pending = max_pending

    def has_person(self, person_id: UUID) -> bool:
        query = text("SELECT FROM selfie.people WHERE person_id = :person")
        with transaction(self._engine) as connection:
            return connection.execute(query, {"person": person_id}).first() is not None

    def add_person(self, user_id: UUID) -> None:
        """Creates the first person of an unknown account. Raises UserNotFound for an erased one."""
        with transaction(self._engine, "person-add") as connection:
            lock_first_person(connection, user_id)

    def add_selfie(self, selfie: NewSelfie) -> UUID:
        """Returns the id of the selfie, or of the one that the same request added before.

        Raises RequestInProgress, UserNotFound, IdempotencyKeyReused, EventClosed, QueueFull,
        TooManySelfies, ConsentWithdrawn.
        """
        values = {**vars(selfie), "max_pending": self._max_pending, "max_active": MAX_ACTIVE}
        with statement(self._engine, "selfie-add") as connection:
            added = connection.execute(ADD, values).one()
        if added.outcome in FAULTS:
            raise FAULTS[added.outcome]
        return UUID(str(added.selfie_id))

    def find_selfie(self, person_id: UUID, selfie_id: UUID | None = None) -> Selfie | None:
        """Returns the first active selfie, else the pending one; or, by its id, any selfie whose image is kept."""
        is_meant = "state IN ('active', 'pending')"
        if selfie_id:
            is_meant = "id = :selfie AND (image_key IS NOT NULL OR image IS NOT NULL)"
        query = text(
            "SELECT id, state, image_key, image, content_type FROM selfie.selfies"
            f" WHERE person_id = :person AND {is_meant} ORDER BY state = 'active' DESC, revision LIMIT 1"
        )
        with transaction(self._engine) as connection:
            row = connection.execute(query, {"person": person_id, "selfie": selfie_id}).first()
        return Selfie(row.id, SelfieState(row.state), _image(row), row.content_type) if row else None

    def delete_selfies(self, person_id: UUID) -> None:
        with transaction(self._engine, "selfie-delete") as connection:
            erase_selfies(connection, person_id)

    def claim(self, lease_s: float, spent: Spent = NOTHING_SPENT, is_slow: bool | None = None) -> SelfieJob | None:
        """Claims the next pending selfie until the lease expires.

        Of the longest waiting ones, it is that of the account that has `spent` least, in steps of STEP_S, then that of
        the event that has. `is_slow`: only selfies that were claimed before without a verdict, or only the others. A
        claim moves the selfie behind all that are waiting now, so that one that crashes or outlasts its examination is
        retried after them.
        """
        with transaction(self._engine, "selfie-claim") as connection:
            row = connection.execute(CLAIM, claim_values(lease_s, spent, is_slow)).first()
        if row is None:
            return None
        events_of = tuple(row.event_ids or ())
        return SelfieJob(row.id, row.person_id, row.user_id, events_of, row.attempt, _image(row), row.is_addition)

    def accept(self, job: SelfieJob, encoding: bytes, judge: Judge | None) -> Decision:
        """Makes the selfie active, instead of or in addition to the active ones, and queues it for every open event,
        unless `judge` rejects it.

        The first one since a deletion binds the person. Without `judge` every one does, and none is counted.
        """
        with transaction(self._engine, "selfie-accept") as connection:
            if lock_person(connection, job.person_id) is None or not self._is_current(connection, job):
                return Decision(in_time=False)
            bound = read_bound(connection, job.person_id)
            if judge and (reason := judge(bound, encoding)):
                _reject(connection, job, reason)
                return Decision(in_time=True, reason=reason)
            if judge is None or bound.encoding is None:
                bind(connection, job.person_id, encoding)
            if judge and bound.encoding is None:
                count_binding(connection, job.person_id)
            if bound.encoding is None:
                note_new_face(connection, job.person_id)
            # A pending selfie is the newest one: an upload supersedes the pending one under the same lock.
            revision = raise_revision(connection, job.person_id)
            if not job.is_addition:
                former = "person_id = :person AND state = 'active'"
                empty(connection, former, "state = 'superseded'", {"person": job.person_id})
            query = text(
                "UPDATE selfie.selfies SET state = 'active', encoding = :encoding, decided_at = now(),"
                " lease_until = NULL WHERE id = :selfie"
            )
            connection.execute(
                query, {"selfie": job.selfie_id, "encoding": seal_person(connection, job.person_id, encoding)}
            )
            want_rematches(connection, job.person_id, revision)
            hint_owner(connection, job.person_id)
            return Decision(in_time=True)

    def reject(self, job: SelfieJob, reason: RejectReason) -> bool:
        """Returns False if the verdict is late."""
        with transaction(self._engine, "selfie-write") as connection:
            if not self._is_current(connection, job):
                return False
            _reject(connection, job, reason)
            return True

    def count_failure(self, job: SelfieJob) -> bool:
        """Records that the engine crashed or timed out; at MAX_FAILURES, the state becomes ERROR."""
        return self._write(
            job,
            "failures = failures + 1, lease_until = NULL,"
            " state = CASE WHEN failures + 1 < :most THEN state ELSE 'error' END,"
            " decided_at = CASE WHEN failures + 1 < :most THEN decided_at ELSE now() END",
            most=MAX_FAILURES,
        )

    def release(self, job: SelfieJob) -> bool:
        """Releases the claim."""
        return self._write(job, "lease_until = NULL")

    def read_queue(self) -> tuple[int, float]:
        """Returns the number of pending selfies, and the age of the oldest in seconds."""
        query = text(
            "SELECT count(*) AS depth, coalesce(extract(epoch FROM now() - min(created_at)), 0) AS age_s"
            " FROM selfie.selfies WHERE state = 'pending'"
        )
        with transaction(self._engine) as connection:
            row = connection.execute(query).one()
        return row.depth, float(row.age_s)

    def list_blob_deletions(self, limit: int) -> list[str]:
        query = text("SELECT key FROM selfie.blob_deletions ORDER BY created_at LIMIT :limit")
        with transaction(self._engine) as connection:
            return list(connection.execute(query, {"limit": limit}).scalars())

    def settle_blob_deletions(self, keys: Iterable[str]) -> None:
        with transaction(self._engine, "blobs-settle") as connection:
            connection.execute(text("DELETE FROM selfie.blob_deletions WHERE key = ANY(:keys)"), {"keys": list(keys)})

    def find_orphans(self, keys: Sequence[str]) -> set[str]:
        """Returns those keys that no selfie refers to."""
        query = text(
            "SELECT key FROM unnest(CAST(:keys AS text[])) AS key"
            " WHERE NOT EXISTS (SELECT FROM selfie.selfies WHERE image_key = key)"
        )
        with transaction(self._engine) as connection:
            return set(connection.execute(query, {"keys": list(keys)}).scalars())

    def is_sealing(self) -> bool:
        """Whether new files are encrypted yet; queries the database only until they are."""
        with transaction(self._engine) as connection:
            return is_sealing(connection, SCHEMA)

    def find_image_in_row(self) -> tuple[UUID, UUID, bytes] | None:
        """Returns a selfie of schema 0001 whose image is still in its row, and its person."""
        query = text("SELECT id, person_id, image FROM selfie.selfies WHERE image IS NOT NULL LIMIT 1")
        with transaction(self._engine) as connection:
            row = connection.execute(query).first()
        return (row.id, row.person_id, bytes(row.image)) if row else None

    def move_image(self, selfie_id: UUID, key: str) -> bool:
        """Refers the row to the file; returns False if the row no longer contains the image."""
        lock = text(
            "SELECT FROM selfie.people WHERE person_id = (SELECT person_id FROM selfie.selfies WHERE id = :selfie)"
            " FOR UPDATE"
        )
        query = text(
            "UPDATE selfie.selfies SET image_key = :key, image = NULL WHERE id = :selfie AND image IS NOT NULL"
        )
        with transaction(self._engine, "selfie-move") as connection:
            connection.execute(lock, {"selfie": selfie_id})
            return connection.execute(query, {"selfie": selfie_id, "key": key}).rowcount == 1

    def _is_current(self, connection: Connection, job: SelfieJob) -> bool:
        query = text(f"SELECT FROM selfie.selfies WHERE {FENCE} FOR UPDATE")
        return connection.execute(query, {"selfie": job.selfie_id, "attempt": job.attempt}).first() is not None

    def _write(self, job: SelfieJob, change: str, **values: object) -> bool:
        query = text(f"UPDATE selfie.selfies SET {change} WHERE {FENCE}")
        with transaction(self._engine, "selfie-write") as connection:
            written = connection.execute(query, {"selfie": job.selfie_id, "attempt": job.attempt, **values})
            if written.rowcount:
                notify(connection, SELFIES_CHANNEL)
                hint_owner(connection, job.person_id)
            return written.rowcount == 1


def _reject(connection: Connection, job: SelfieJob, reason: RejectReason) -> None:
    change = "state = 'rejected', reason = :reason, decided_at = now()"
    empty(connection, "id = :selfie", change, {"selfie": job.selfie_id, "reason": reason.value})
    notify(connection, SELFIES_CHANNEL)
    hint_owner(connection, job.person_id)


def _image(row: Row[Any]) -> StoredImage:
    return StoredImage(row.image_key, None if row.image is None else bytes(row.image))
