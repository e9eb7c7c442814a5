"""SQL of enrolments: the events in which a person is matched, pending rematches, and their progress."""

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, Row, text

from kit.db.engine import transaction
from selfie_service.domain import (
    Counts,
    EventRematch,
    NoActiveSelfie,
    Progress,
    RejectReason,
    Rematch,
    RematchState,
    SelfieState,
    SelfieSummary,
    summarise_progress,
)
from selfie_service.domain.encodings import take_mean
from selfie_service.store.encodings import open_person
from selfie_service.store.hints import hint, hint_owner
from selfie_service.store.people import lock_person, want_again

DUE = "wanted_revision > published_revision AND retry_at <= now() AND (lease_until IS NULL OR lease_until <= now())"
# Includes the revision, because a user who leaves and joins again gets a new row, whose attempts start again.
FENCE = "person_id = :person AND event_id = :event AND attempt = :attempt AND wanted_revision = :revision"
COUNTED = "compared_count = :compared, total_count = :total, matched_count = :matched"
# Waits as long as it has waited so far, which doubles each time without a counter.
BACKED_OFF = (
    "lease_until = NULL, retry_at = now() + least(greatest(now() - started_at,"
    " make_interval(secs => :least)), make_interval(secs => :most))"
)
MIN_BACKOFF_S = 0.5
MAX_BACKOFF_S = 30.0


class RematchStore:
    """Claims rematches and records their progress."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def read_progress(self, person_id: UUID) -> Progress | None:
        """Returns None for an unknown person."""
        started = text("SELECT started_at FROM selfie.people WHERE person_id = :person")
        selfies = text(
            """
            SELECT id, state, reason, decided_at FROM selfie.selfies
            WHERE person_id = :person AND (state = 'active' OR revision = (
                SELECT max(revision) FROM selfie.selfies WHERE person_id = :person))
            ORDER BY revision DESC
            """
        )
        enrolments = text(
            "SELECT * FROM selfie.enrolments WHERE person_id = :person AND NOT withdrawn ORDER BY event_id"
        )
        person = {"person": person_id}
        with transaction(self._engine) as connection:
            # One snapshot, so that no verdict comes between reading the selfie and its events.
            connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
            known = connection.execute(started, person).first()
            if known is None:
                return None
            newest = [_summary(row) for row in connection.execute(selfies, person)]
            events = [_event_rematch(row) for row in connection.execute(enrolments, person)]
        return summarise_progress(newest, known.started_at, events)

    def restart(self, person_id: UUID) -> None:
        """Queues the active selfie again in every event in which it is searched. Raises NoActiveSelfie."""
        active = text("SELECT FROM selfie.selfies WHERE person_id = :person AND state = 'active'")
        start, person = (
            text("UPDATE selfie.people SET started_at = now() WHERE person_id = :person"),
            {"person": person_id},
        )
        with transaction(self._engine, "rematch-restart") as connection:
            revision = lock_person(connection, person_id)
            if revision is None or connection.execute(active, person).first() is None:
                raise NoActiveSelfie
            connection.execute(start, person)
            want_again(connection, person_id, revision)
            hint_owner(connection, person_id)

    def claim(self, limit: int, lease_s: float) -> list[Rematch]:
        """Claims rematches of the event that is due first, until the lease expires.

        A claim moves a rematch behind all that are waiting now, whatever its result, so that rematches that break their
        worker's stream or are requested again and again do not delay those of others.
        """
        query = text(
            f"""
            WITH oldest AS (
                SELECT event_id FROM selfie.enrolments WHERE {DUE} ORDER BY turn_at LIMIT 1 FOR UPDATE SKIP LOCKED
            ), batch AS (
                SELECT person_id, event_id FROM selfie.enrolments
                WHERE event_id = (SELECT event_id FROM oldest) AND {DUE}
                ORDER BY turn_at LIMIT :limit FOR UPDATE SKIP LOCKED
            )
            UPDATE selfie.enrolments e
            SET attempt = attempt + 1, lease_until = now() + make_interval(secs => :lease), turn_at = now()
            FROM batch WHERE e.person_id = batch.person_id AND e.event_id = batch.event_id
            RETURNING (SELECT p.user_id FROM selfie.people p WHERE p.person_id = e.person_id) AS user_id,
                e.person_id, e.event_id, e.wanted_revision, e.attempt, e.state
            """
        )
        with transaction(self._engine, "rematch-claim") as connection:
            rows = connection.execute(query, {"limit": limit, "lease": lease_s}).all()
            # An idle row asks to forget the person, even if they have a face by now (and the event is closed).
            searched = [row.person_id for row in rows if row.state != RematchState.IDLE.value]
            faces = self._read_faces(connection, searched)
        return [
            Rematch(
                user_id=row.user_id,
                person_id=row.person_id,
                event_id=row.event_id,
                revision=row.wanted_revision,
                attempt=row.attempt,
                encoding=encoding,
                selfie_id=selfie_id,
            )
            for row in rows
            for selfie_id, encoding in [faces.get(row.person_id, (None, None))]
        ]

    def record_progress(self, rematch: Rematch, counts: Counts) -> bool:
        state = "running" if rematch.encoding else "idle"
        return self._write(rematch, f"state = :state, {COUNTED}", state=state, **vars(counts))

    def finish(self, rematch: Rematch, counts: Counts) -> bool:
        """Records that the matcher has published the result, or forgotten the person."""
        return self._write(
            rematch,
            f"published_revision = wanted_revision, state = :state, {COUNTED}, lease_until = NULL, finished_at = now()",
            state="done" if rematch.encoding else "idle",
            **vars(counts),
        )

    def fail(self, rematch: Rematch) -> bool:
        """Records an error of the matcher, which the guest sees, and retries later."""
        return self._write(
            rematch,
            f"state = :state, {BACKED_OFF}",
            state="failed" if rematch.encoding else "idle",
            least=MIN_BACKOFF_S,
            most=MAX_BACKOFF_S,
        )

    def postpone(self, rematch: Rematch) -> bool:
        """Retries later, without recording an error, because the matcher was unavailable."""
        return self._write(rematch, BACKED_OFF, least=MIN_BACKOFF_S, most=MAX_BACKOFF_S)

    def release(self, rematch: Rematch) -> bool:
        """Releases the claim."""
        return self._write(rematch, "lease_until = NULL")

    def read_queue(self) -> tuple[int, float]:
        """Returns the number of rematches to send, and the age of the oldest in seconds."""
        query = text(
            "SELECT count(*) AS depth, coalesce(extract(epoch FROM now() - min(started_at)), 0) AS age_s"
            " FROM selfie.enrolments WHERE wanted_revision > published_revision"
        )
        with transaction(self._engine) as connection:
            row = connection.execute(query).one()
        return row.depth, float(row.age_s)

    def _read_faces(self, connection: Connection, people: list[UUID]) -> dict[UUID, tuple[UUID, bytes]]:
        """Returns for each person the first active selfie, and the mean of the encodings of all of them. Must be a
        statement after the one that locks the enrolments: whoever changes a face changes them too and waits, so that
        each encoding is the one that the revision was queued for, never an older one."""
        query = text(
            "SELECT person_id, (array_agg(id ORDER BY revision))[1] AS id,"
            " array_agg(encoding ORDER BY revision) AS encodings"
            " FROM selfie.selfies WHERE state = 'active' AND person_id = ANY(:people) GROUP BY person_id"
        )
        return {
            row.person_id: (
                row.id,
                take_mean([open_person(connection, row.person_id, bytes(e)) for e in row.encodings]),
            )
            for row in connection.execute(query, {"people": people})
        }

    def _write(self, rematch: Rematch, change: str, **values: object) -> bool:
        """Returns False if a newer revision is wanted, or another worker has claimed the rematch."""
        fence = {
            "person": rematch.person_id,
            "event": rematch.event_id,
            "attempt": rematch.attempt,
            "revision": rematch.revision,
        }
        with transaction(self._engine, "rematch-write") as connection:
            written = connection.execute(
                text(f"UPDATE selfie.enrolments SET {change} WHERE {FENCE}"), {**fence, **values}
            )
            if written.rowcount and "state" in values:  # otherwise nothing visible to the guest changes
                hint(connection, rematch.user_id)
            return written.rowcount == 1


def _summary(row: Row[Any]) -> SelfieSummary:
    reason = RejectReason(row.reason) if row.reason else None
    return SelfieSummary(row.id, SelfieState(row.state), reason, row.decided_at)


def _event_rematch(row: Row[Any]) -> EventRematch:
    counts = Counts(row.compared_count, row.total_count, row.matched_count)
    return EventRematch(row.event_id, RematchState(row.state), counts, row.finished_at)
