"""SQL of selfies: uploads, and the jobs that they are until a verdict."""

from uuid import UUID

from sqlalchemy import Connection, Engine, text

from kit.db import transaction
from selfie_service.domain import (
    MAX_FAILURES,
    EventClosed,
    IdempotencyKeyReused,
    NewSelfie,
    QueueFull,
    RejectReason,
    RequestInProgress,
    Selfie,
    SelfieJob,
    SelfieState,
    UserNotFound,
)
from selfie_service.store.guests import (
    SELFIES_CHANNEL,
    lock_guest,
    lock_new_guest,
    notify,
    raise_revision,
    want_forgetting,
    want_rematches,
)

EMPTIED = "image = NULL, encoding = NULL, lease_until = NULL"
FENCE = "id = :selfie AND attempt = :attempt AND state = 'pending'"
# Each of these is one journey to the database: a guest waits for all of them, and in a crowd the lock is held for as
# long. The second statement has a snapshot of its own, taken when the lock was.
# A guest whom the feed makes known between the two is seen and not locked: ADD locks again.
# `known_id`, `known_sha256`: what the same request added before. `is_shut_out`: whether every event of the guest is
# closed or expired; a guest without events is not. `pending_count`: of all guests, `most` at most.
LOCK_AND_LOOK = text(
    """
    SELECT FROM selfie.users WHERE user_id = :user FOR UPDATE;
    SELECT guest.user_id IS NOT NULL AS is_guest, known.id AS known_id, known.sha256 AS known_sha256,
        (SELECT coalesce(bool_and(coalesce(e.closed OR e.expires_at <= now(), false)), false)
         FROM selfie.enrolments n LEFT JOIN selfie.events e USING (event_id)
         WHERE n.user_id = :user) AS is_shut_out,
        (SELECT count(*) FROM (SELECT FROM selfie.selfies WHERE state = 'pending' LIMIT :most) AS pending)
            AS pending_count
    FROM (SELECT) AS one
    LEFT JOIN selfie.users AS guest ON guest.user_id = :user
    LEFT JOIN selfie.selfies AS known ON known.user_id = :user AND known.request_id = :request
    """
)
# A selfie takes over the place of the pending one that it supersedes. So a guest who sends several neither loses the
# place nor gains one: a claim is a turn and has put the pending one behind all that waited then.
ADD = text(
    f"""
    SELECT FROM selfie.users WHERE user_id = :user_id FOR UPDATE;
    WITH replaced AS (
        UPDATE selfie.selfies SET state = 'superseded', {EMPTIED} WHERE user_id = :user_id AND state = 'pending'
        RETURNING queued_at),
    guest AS (
        UPDATE selfie.users SET revision = revision + 1, started_at = now() WHERE user_id = :user_id RETURNING revision)
    INSERT INTO selfie.selfies (id, user_id, revision, request_id, sha256, image, content_type, queued_at)
    SELECT :id, :user_id, revision, :request_id, :sha256, :image, :content_type,
        coalesce((SELECT queued_at FROM replaced), now()) FROM guest;
    SELECT pg_notify(:channel, '')
    """
)


class SelfieStore:
    """Selfies of guests; of those `max_pending` wait for a verdict at most, but for some that come at the same time."""

    def __init__(self, engine: Engine, max_pending: int = 10_000) -> None:
        self._engine = engine
        self._max_pending = max_pending

    def has_guest(self, user_id: UUID) -> bool:
        query = text("SELECT FROM selfie.users WHERE user_id = :user")
        with transaction(self._engine) as connection:
            return connection.execute(query, {"user": user_id}).first() is not None

    def add_selfie(self, selfie: NewSelfie, may_be_new: bool = False) -> UUID:
        """The id of the selfie, or of the one that the same request added before. `may_be_new`: a guest whom we do not
        know gets a row, but for one who was erased.

        Raises RequestInProgress, UserNotFound, IdempotencyKeyReused, EventClosed, QueueFull.
        """
        with transaction(self._engine, "selfie-add") as connection:
            if selfie.request_id:
                lock_request(connection, selfie.user_id, selfie.request_id)
            if may_be_new:
                lock_new_guest(connection, selfie.user_id)
            look = {"user": selfie.user_id, "request": selfie.request_id, "most": self._max_pending}
            found = connection.execute(LOCK_AND_LOOK, look).one()
            if not found.is_guest:
                raise UserNotFound
            if found.known_id:
                if bytes(found.known_sha256) != selfie.sha256:
                    raise IdempotencyKeyReused
                return UUID(str(found.known_id))
            if found.is_shut_out:
                raise EventClosed
            if found.pending_count >= self._max_pending:
                raise QueueFull
            connection.execute(ADD, {**vars(selfie), "channel": SELFIES_CHANNEL})
            return selfie.id

    def find_selfie(self, user_id: UUID) -> Selfie | None:
        """The active one, else the pending one."""
        query = text(
            "SELECT id, state, image, content_type FROM selfie.selfies"
            " WHERE user_id = :user AND state IN ('active', 'pending') ORDER BY state = 'active' DESC LIMIT 1"
        )
        with transaction(self._engine) as connection:
            row = connection.execute(query, {"user": user_id}).first()
        return Selfie(row.id, SelfieState(row.state), bytes(row.image), row.content_type) if row else None

    def delete_selfies(self, user_id: UUID) -> None:
        with transaction(self._engine, "selfie-delete") as connection:
            if lock_guest(connection, user_id) is None:
                return
            revision = raise_revision(connection, user_id)
            connection.execute(
                text(
                    f"UPDATE selfie.selfies SET state = 'deleted', {EMPTIED} WHERE user_id = :user"
                    " AND state NOT IN ('superseded', 'deleted')"
                ),
                {"user": user_id},
            )
            want_forgetting(connection, user_id, revision)

    def claim(self, lease_s: float) -> SelfieJob | None:
        """The pending selfie whose turn it is; no other worker gets it until the lease ends.

        A claim is a turn: a selfie that crashes or outlasts its examination is tried again after all that wait now.
        """
        query = text(
            """
            UPDATE selfie.selfies
            SET attempt = attempt + 1, lease_until = now() + make_interval(secs => :lease), queued_at = now()
            WHERE id = (
                SELECT id FROM selfie.selfies
                WHERE state = 'pending' AND (lease_until IS NULL OR lease_until <= now())
                ORDER BY queued_at LIMIT 1 FOR UPDATE SKIP LOCKED)
            RETURNING id, user_id, attempt, image
            """
        )
        with transaction(self._engine, "selfie-claim") as connection:
            row = connection.execute(query, {"lease": lease_s}).first()
        return SelfieJob(row.id, row.user_id, row.attempt, bytes(row.image)) if row else None

    def accept(self, job: SelfieJob, encoding: bytes) -> bool:
        """The selfie takes the place of the active one and is wanted in every open event; False for a late verdict."""
        with transaction(self._engine, "selfie-accept") as connection:
            if lock_guest(connection, job.user_id) is None or not self._is_current(connection, job):
                return False
            # Pending means newest: an upload supersedes what is pending under the same lock.
            revision = raise_revision(connection, job.user_id)
            values = {"selfie": job.selfie_id, "user": job.user_id, "encoding": encoding}
            for statement in (
                f"UPDATE selfie.selfies SET state = 'superseded', {EMPTIED} WHERE user_id = :user AND state = 'active'",
                "UPDATE selfie.selfies SET state = 'active', encoding = :encoding, decided_at = now(),"
                " lease_until = NULL WHERE id = :selfie",
            ):
                connection.execute(text(statement), values)
            want_rematches(connection, job.user_id, revision)
            return True

    def reject(self, job: SelfieJob, reason: RejectReason) -> bool:
        """False for a late verdict."""
        return self._write(
            job, f"state = 'rejected', reason = :reason, decided_at = now(), {EMPTIED}", reason=reason.value
        )

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

    def _is_current(self, connection: Connection, job: SelfieJob) -> bool:
        query = text(f"SELECT FROM selfie.selfies WHERE {FENCE} FOR UPDATE")
        return connection.execute(query, {"selfie": job.selfie_id, "attempt": job.attempt}).first() is not None

    def _write(self, job: SelfieJob, change: str, **values: object) -> bool:
        query = text(f"UPDATE selfie.selfies SET {change} WHERE {FENCE}")
        with transaction(self._engine, "selfie-write") as connection:
            written = connection.execute(query, {"selfie": job.selfie_id, "attempt": job.attempt, **values})
            if written.rowcount:
                notify(connection, SELFIES_CHANNEL)
            return written.rowcount == 1


def lock_request(connection: Connection, user_id: UUID, request_id: UUID) -> None:
    """Until the commit, so that a repeat is told and holds no connection. Raises RequestInProgress."""
    query = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:request, 0))")
    if not connection.execute(query, {"request": f"{user_id} {request_id}"}).scalar_one():
        raise RequestInProgress
