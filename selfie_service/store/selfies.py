"""SQL of selfies: uploads, the jobs that they are until a verdict, and their files."""

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
# The whole upload in one round trip: a guest waits for each, and in a crowd the person is locked for as long.
ADD = text(
    "SELECT outcome, selfie_id FROM selfie.add_selfie_of("
    ":id, :user_id, :person_id, :request_id, :sha256, :image_key, :content_type, :max_pending, :is_addition,"
    " :max_active)"
)
REFUSALS: dict[str, type[Fault]] = {
    "in_progress": RequestInProgress,
    "unknown_user": UserNotFound,
    "key_reused": IdempotencyKeyReused,
    "shut_out": EventClosed,
    "queue_full": QueueFull,
    "too_many": TooManySelfies,
    "no_consent": ConsentWithdrawn,
}


class SelfieStore:
    """Selfies of guests; of those `max_pending` wait for a verdict at most, but for some that come at the same time."""

    def __init__(self, engine: Engine, max_pending: int = 10_000) -> None:
        self._engine = engine
        self._max_pending = max_pending

    def has_person(self, person_id: UUID) -> bool:
        query = text("SELECT FROM selfie.people WHERE person_id = :person")
        with transaction(self._engine) as connection:
            return connection.execute(query, {"person": person_id}).first() is not None

    def add_person(self, user_id: UUID) -> None:
        """Gives an account that we do not know its first person. Raises UserNotFound for one that was erased."""
        with transaction(self._engine, "person-add") as connection:
            lock_first_person(connection, user_id)

    def add_selfie(self, selfie: NewSelfie) -> UUID:
        """The id of the selfie, or of the one that the same request added before.

        Raises RequestInProgress, UserNotFound, IdempotencyKeyReused, EventClosed, QueueFull,
        TooManySelfies, ConsentWithdrawn.
        """
        values = {**vars(selfie), "max_pending": self._max_pending, "max_active": MAX_ACTIVE}
        with statement(self._engine, "selfie-add") as connection:
            added = connection.execute(ADD, values).one()
        if added.outcome in REFUSALS:
            raise REFUSALS[added.outcome]
        return UUID(str(added.selfie_id))

    def find_selfie(self, person_id: UUID, selfie_id: UUID | None = None) -> Selfie | None:
        """The first active one, else the pending one; or, by its id, any whose bytes are kept."""
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
        """The pending selfie whose turn it is; no other worker gets it until the lease ends.

        Of those that wait longest, that of the account which has `spent` least, in steps of STEP_S; among these, of the
        event. `is_slow`: of those that were claimed before and not decided, or of the others. A claim is a turn: a
        selfie that crashes or outlasts its examination is tried again after all that wait now.
        """
        with transaction(self._engine, "selfie-claim") as connection:
            row = connection.execute(CLAIM, claim_values(lease_s, spent, is_slow)).first()
        if row is None:
            return None
        events_of = tuple(row.event_ids or ())
        return SelfieJob(row.id, row.person_id, row.user_id, events_of, row.attempt, _image(row), row.is_addition)

    def accept(self, job: SelfieJob, encoding: bytes, judge: Judge | None) -> Decision:
        """The selfie takes the place of the active ones, or is used beside them, and is wanted in every open event,
        unless `judge` rejects it.

        The first one since a deletion binds the person. Without `judge` each one does, and none is counted.
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
            # Pending means newest: an upload supersedes what is pending under the same lock.
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
        """False for a late verdict."""
        with transaction(self._engine, "selfie-write") as connection:
            if not self._is_current(connection, job):
                return False
            _reject(connection, job, reason)
            return True

    def count_failure(self, job: SelfieJob) -> bool:
        """Notes that the engine died or hung over this selfie; the last time, the selfie is put aside."""
        return self._write(
            job,
            "failures = failures + 1, lease_until = NULL,"
            " state = CASE WHEN failures + 1 < :most THEN state ELSE 'error' END,"
            " decided_at = CASE WHEN failures + 1 < :most THEN decided_at ELSE now() END",
            most=MAX_FAILURES,
        )

    def release(self, job: SelfieJob) -> bool:
        """Ends the claim before its time."""
        return self._write(job, "lease_until = NULL")

    def read_queue(self) -> tuple[int, float]:
        """How many selfies are pending, and the age of the oldest in seconds."""
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
        """Those of the keys that no selfie has."""
        query = text(
            "SELECT key FROM unnest(CAST(:keys AS text[])) AS key"
            " WHERE NOT EXISTS (SELECT FROM selfie.selfies WHERE image_key = key)"
        )
        with transaction(self._engine) as connection:
            return set(connection.execute(query, {"keys": list(keys)}).scalars())

    def is_sealing(self) -> bool:
        """Whether new files are encrypted yet; asks the database only until they are."""
        with transaction(self._engine) as connection:
            return is_sealing(connection, SCHEMA)

    def find_image_in_row(self) -> tuple[UUID, UUID, bytes] | None:
        """A selfie of schema 0001 whose bytes are still in its row, and its person."""
        query = text("SELECT id, person_id, image FROM selfie.selfies WHERE image IS NOT NULL LIMIT 1")
        with transaction(self._engine) as connection:
            row = connection.execute(query).first()
        return (row.id, row.person_id, bytes(row.image)) if row else None

    def move_image(self, selfie_id: UUID, key: str) -> bool:
        """The bytes are in a file now; False where the row does not need them any more."""
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
