"""SQL of settlements: claims events, reads a snapshot, and publishes the difference.

A settlement is computed without the event's lock. Faces and people added meanwhile keep their direct matches and are
settled the next time; any other change (`resets`) discards the settlement.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection, Engine, text

from kit.db.engine import transaction
from matcher_service.domain import FoundMatch, Settlement
from matcher_service.store.audience import unhidden
from matcher_service.store.events import lock_event
from matcher_service.store.hints import hint
from matcher_service.store.unsettled import (
    UnsettledEvent,
    no_faces,
    select_faces,
    select_matches,
    select_people,
    select_refusals,
)

CLAIM = """
WITH next AS (
    SELECT event_id, e.face_count FROM matcher.settlements s JOIN matcher.events e ON e.id = s.event_id AND NOT e.gone
    WHERE changes > settled AND since <= now() - make_interval(secs => :delay)
        AND (lease_until IS NULL OR lease_until <= now())
    ORDER BY since LIMIT 1 FOR UPDATE OF s SKIP LOCKED)
UPDATE matcher.settlements s SET attempt = attempt + 1,
    lease_until = now() + make_interval(secs => :lease + :lease_of_pair * next.face_count * (
        SELECT count(*) FROM matcher.people o WHERE o.event_id = next.event_id AND o.encodings IS NOT NULL))
FROM next WHERE s.event_id = next.event_id RETURNING s.event_id, s.attempt
"""
# Checks refusals and people again, since a process of the previous version, which may run at the same time, does not
# mark changes.
INSERT_MATCHES = f"""
INSERT INTO matcher.matches
    (event_id, person_id, photo_id, face_no, distance, created_at, sorted_at, shown, grown)
SELECT p.event_id, o.person_id, p.id, f.no, f.distance, p.created_at, p.sorted_at, {unhidden("o.user_id")}, f.grown
FROM unnest(CAST(:people AS uuid[]), CAST(:photos AS uuid[]), CAST(:nos AS smallint[]), CAST(:distances AS real[]),
    CAST(:grown AS boolean[])) AS f (person_id, photo_id, no, distance, grown)
JOIN matcher.people o ON o.event_id = :event AND o.person_id = f.person_id AND o.encodings IS NOT NULL
JOIN matcher.photos p ON p.event_id = :event AND p.id = f.photo_id
WHERE NOT EXISTS (
    SELECT FROM matcher.refusals r WHERE r.event_id = :event AND r.person_id = f.person_id AND r.photo_id = f.photo_id)
"""


class SettlementStore:
    """Events whose matches are to be settled; the row of an event is the job."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def claim(self, lease_s: float, delay_s: float, lease_of_pair_s: float = 0.0) -> Settlement | None:
        """Claims the event that has waited longest, if it changed at least `delay_s` ago. The lease grows with the
        number of pairs of a face and a person."""
        values = {"lease": lease_s, "delay": delay_s, "lease_of_pair": lease_of_pair_s}
        with transaction(self._engine, "settlement-claim") as connection:
            row = connection.execute(text(CLAIM), values).first()
        return Settlement(row.event_id, row.attempt) if row else None

    def rest(self, job: Settlement, rest_s: float) -> None:
        """Releases the job; any worker may claim it after `rest_s`."""
        with transaction(self._engine, "settlement-rest") as connection:
            connection.execute(
                text(
                    "UPDATE matcher.settlements SET lease_until = now() + make_interval(secs => :rest)"
                    " WHERE event_id = :event AND attempt = :attempt"
                ),
                {"event": job.event_id, "attempt": job.attempt, "rest": rest_s},
            )

    def read(self, job: Settlement, max_faces: int) -> UnsettledEvent | None:
        """A snapshot of the event; None if it is deleted or the job is lost. For an event of more than `max_faces`
        faces, it contains no faces and only the matches found by growth, which are therefore deleted."""
        values = {"event": job.event_id, "attempt": job.attempt}
        with transaction(self._engine) as connection:
            connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
            counters = text(
                "SELECT changes, resets, face_count FROM matcher.settlements s"
                " JOIN matcher.events e ON e.id = s.event_id AND NOT e.gone"
                " WHERE s.event_id = :event AND attempt = :attempt"
            )
            row = connection.execute(counters, values).first()
            if row is None:
                return None
            is_small = row.face_count <= max_faces
            return UnsettledEvent(
                row.changes,
                row.resets,
                select_faces(connection, job.event_id) if is_small else no_faces(),
                select_people(connection, job.event_id),
                select_refusals(connection, job.event_id),
                select_matches(connection, job.event_id, grown_only=not is_small),
            )

    def publish(
        self,
        job: Settlement,
        event: UnsettledEvent,
        removed: Sequence[tuple[UUID, UUID]],
        added: Sequence[FoundMatch],
        rest_s: float,
    ) -> bool:
        """Atomically deletes matches, by person and photo, and adds others; a match in both is replaced. Returns False
        if the job is lost or the event was reset meanwhile. Changes made meanwhile wait for `rest_s`."""
        values = {"event": job.event_id}
        with transaction(self._engine, "matches-settle") as connection:
            if lock_event(connection, job.event_id) is None or not self._is_current(connection, job, event):
                return False
            delete_matches(connection, job.event_id, removed)
            insert_matches(connection, job.event_id, added)
            connection.execute(
                text(
                    "UPDATE matcher.settlements SET settled = :changes, since = now(), lease_until ="
                    " CASE WHEN changes > :changes THEN now() + make_interval(secs => :rest) END"
                    " WHERE event_id = :event"
                ),
                {**values, "changes": event.changes, "rest": rest_s},
            )
            hint_changed(connection, job.event_id, removed, added)
            return True

    def read_queue(self) -> tuple[int, float]:
        """The number of waiting events, and the age of the oldest change in seconds."""
        query = text(
            "SELECT count(*) AS depth, coalesce(extract(epoch FROM now() - min(since)), 0) AS age_s"
            " FROM matcher.settlements s JOIN matcher.events e ON e.id = s.event_id AND NOT e.gone"
            " WHERE changes > settled"
        )
        with transaction(self._engine) as connection:
            row = connection.execute(query).one()
        return row.depth, float(row.age_s)

    def _is_current(self, connection: Connection, job: Settlement, event: UnsettledEvent) -> bool:
        query = text(
            "SELECT FROM matcher.settlements WHERE event_id = :event AND attempt = :attempt AND resets = :resets"
            " FOR UPDATE"
        )
        values = {"event": job.event_id, "attempt": job.attempt, "resets": event.resets}
        return connection.execute(query, values).first() is not None


def delete_matches(connection: Connection, event_id: UUID, removed: Sequence[tuple[UUID, UUID]]) -> None:
    delete = text(
        """
        DELETE FROM matcher.matches m USING unnest(CAST(:people AS uuid[]), CAST(:photos AS uuid[]))
            AS gone (person_id, photo_id)
        WHERE m.event_id = :event AND (m.person_id, m.photo_id) = (gone.person_id, gone.photo_id)
        """
    )
    people, photos = [person for person, _ in removed], [photo for _, photo in removed]
    connection.execute(delete, {"event": event_id, "people": people, "photos": photos})


def insert_matches(connection: Connection, event_id: UUID, added: Sequence[FoundMatch]) -> None:
    columns = {
        "people": [one.person_id for one in added],
        "photos": [one.photo_id for one in added],
        "nos": [one.no for one in added],
        "distances": [one.distance for one in added],
        "grown": [one.is_grown for one in added],
    }
    connection.execute(text(INSERT_MATCHES), {"event": event_id, **columns})


def hint_changed(
    connection: Connection, event_id: UUID, removed: Sequence[tuple[UUID, UUID]], added: Sequence[FoundMatch]
) -> None:
    """Notifies users whose photos changed."""
    pairs = set(removed) ^ {(one.person_id, one.photo_id) for one in added}
    users = text("SELECT DISTINCT user_id FROM matcher.people WHERE event_id = :event AND person_id = ANY(:of)")
    values = {"event": event_id, "of": list({person for person, _ in pairs})}
    hint(connection, event_id, connection.execute(users, values).scalars().all())
