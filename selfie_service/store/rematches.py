"""SQL of enrolments: which events a guest is matched in, what of it is still to be sent, and how far it is."""

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, Row, text

from kit.db import transaction
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
    tell_progress,
)
from selfie_service.store.guests import lock_guest, want_again

DUE = "wanted_revision > published_revision AND retry_at <= now() AND (lease_until IS NULL OR lease_until <= now())"
# The revision too: whoever leaves and joins again has a new row, whose attempts begin anew.
FENCE = "user_id = :user AND event_id = :event AND attempt = :attempt AND wanted_revision = :revision"
COUNTED = "compared_count = :compared, total_count = :total, matched_count = :matched"
# Waits as long again as it has waited so far, which doubles each time without a counter.
BACKED_OFF = (
    "lease_until = NULL, retry_at = now() + least(greatest(now() - started_at,"
    " make_interval(secs => :least)), make_interval(secs => :most))"
)
MIN_BACKOFF_S = 0.5
MAX_BACKOFF_S = 30.0


class RematchStore:
    """Enrolments of guests in events."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def read_progress(self, user_id: UUID) -> Progress | None:
        """None for a guest whom we do not know."""
        guest = text("SELECT started_at FROM selfie.users WHERE user_id = :user")
        selfies = text(
            """
            SELECT id, state, reason, decided_at FROM selfie.selfies
            WHERE user_id = :user AND (state = 'active' OR revision = (
                SELECT max(revision) FROM selfie.selfies WHERE user_id = :user))
            ORDER BY revision DESC
            """
        )
        enrolments = text("SELECT * FROM selfie.enrolments WHERE user_id = :user ORDER BY event_id")
        user = {"user": user_id}
        with transaction(self._engine) as connection:
            # One snapshot: no verdict comes between the selfie and the events that it is wanted in.
            connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
            known = connection.execute(guest, user).first()
            if known is None:
                return None
            newest = [_summary(row) for row in connection.execute(selfies, user)]
            events = [_event_rematch(row) for row in connection.execute(enrolments, user)]
        return tell_progress(newest, known.started_at, events)

    def restart(self, user_id: UUID) -> None:
        """Wants the active selfie again in every event in which it is searched. Raises NoActiveSelfie."""
        active, user = text("SELECT FROM selfie.selfies WHERE user_id = :user AND state = 'active'"), {"user": user_id}
        with transaction(self._engine, "rematch-restart") as connection:
            revision = lock_guest(connection, user_id)
            if revision is None or connection.execute(active, user).first() is None:
                raise NoActiveSelfie
            connection.execute(text("UPDATE selfie.users SET started_at = now() WHERE user_id = :user"), user)
            want_again(connection, user_id, revision)

    def claim(self, limit: int, lease_s: float) -> list[Rematch]:
        """Rematches of the event whose turn it is; no other worker gets them until the lease ends.

        A claim is a turn: whatever becomes of it, the next one comes after all that wait now. Nobody's rematches that
        end their worker's stream or are wanted again and again are served before those of others.
        """
        query = text(
            f"""
            WITH oldest AS (
                SELECT event_id FROM selfie.enrolments WHERE {DUE} ORDER BY turn_at LIMIT 1 FOR UPDATE SKIP LOCKED
            ), batch AS (
                SELECT user_id, event_id FROM selfie.enrolments
                WHERE event_id = (SELECT event_id FROM oldest) AND {DUE}
                ORDER BY turn_at LIMIT :limit FOR UPDATE SKIP LOCKED
            )
            UPDATE selfie.enrolments e
            SET attempt = attempt + 1, lease_until = now() + make_interval(secs => :lease), turn_at = now()
            FROM batch WHERE e.user_id = batch.user_id AND e.event_id = batch.event_id
            RETURNING e.user_id, e.event_id, e.wanted_revision, e.attempt, e.state
            """
        )
        with transaction(self._engine, "rematch-claim") as connection:
            rows = connection.execute(query, {"limit": limit, "lease": lease_s}).all()
            # An idle row wants the guest forgotten, also where the guest has a face by now (and the event is closed).
            searched = [row.user_id for row in rows if row.state != RematchState.IDLE.value]
            encodings = self._read_encodings(connection, searched)
        return [
            Rematch(row.user_id, row.event_id, row.wanted_revision, row.attempt, encodings.get(row.user_id))
            for row in rows
        ]

    def record_progress(self, rematch: Rematch, counts: Counts) -> bool:
        state = "running" if rematch.encoding else "idle"
        return self._write(rematch, f"state = :state, {COUNTED}", state=state, **vars(counts))

    def finish(self, rematch: Rematch, counts: Counts) -> bool:
        """The matcher has published it, or forgotten the guest."""
        return self._write(
            rematch,
            f"published_revision = wanted_revision, state = :state, {COUNTED}, lease_until = NULL, finished_at = now()",
            state="done" if rematch.encoding else "idle",
            **vars(counts),
        )

    def fail(self, rematch: Rematch) -> bool:
        """The matcher reported a fault: shown to the guest and tried again later."""
        return self._write(
            rematch,
            f"state = :state, {BACKED_OFF}",
            state="failed" if rematch.encoding else "idle",
            least=MIN_BACKOFF_S,
            most=MAX_BACKOFF_S,
        )

    def postpone(self, rematch: Rematch) -> bool:
        """The matcher could not be reached, which says nothing about the rematch: tried again later."""
        return self._write(rematch, BACKED_OFF, least=MIN_BACKOFF_S, most=MAX_BACKOFF_S)

    def release(self, rematch: Rematch) -> bool:
        """Ends the claim before its time."""
        return self._write(rematch, "lease_until = NULL")

    def read_queue(self) -> tuple[int, float]:
        """How many rematches are to be sent, and the age of the oldest in seconds."""
        query = text(
            "SELECT count(*) AS depth, coalesce(extract(epoch FROM now() - min(started_at)), 0) AS age_s"
            " FROM selfie.enrolments WHERE wanted_revision > published_revision"
        )
        with transaction(self._engine) as connection:
            row = connection.execute(query).one()
        return row.depth, float(row.age_s)

    def _read_encodings(self, connection: Connection, users: list[UUID]) -> dict[UUID, bytes]:
        """A statement after the one that locks the enrolments: who changes a face changes them too and waits, so each
        encoding is the one that the revision was wanted for, never an older one."""
        query = text("SELECT user_id, encoding FROM selfie.selfies WHERE state = 'active' AND user_id = ANY(:users)")
        return {row.user_id: bytes(row.encoding) for row in connection.execute(query, {"users": users})}

    def _write(self, rematch: Rematch, change: str, **values: object) -> bool:
        """False where something newer is wanted, or somebody else has claimed it."""
        fence = {
            "user": rematch.user_id,
            "event": rematch.event_id,
            "attempt": rematch.attempt,
            "revision": rematch.revision,
        }
        with transaction(self._engine, "rematch-write") as connection:
            written = connection.execute(
                text(f"UPDATE selfie.enrolments SET {change} WHERE {FENCE}"), {**fence, **values}
            )
            return written.rowcount == 1


def _summary(row: Row[Any]) -> SelfieSummary:
    reason = RejectReason(row.reason) if row.reason else None
    return SelfieSummary(row.id, SelfieState(row.state), reason, row.decided_at)


def _event_rematch(row: Row[Any]) -> EventRematch:
    counts = Counts(row.compared_count, row.total_count, row.matched_count)
    return EventRematch(row.event_id, RematchState(row.state), counts, row.finished_at)
