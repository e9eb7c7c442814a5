"""SQL of swaps: the new faces of an event's photos replace the old ones, together with all matches.

The new matches are computed without the event's lock. Any change of the event meanwhile makes the swap start over, so
that the published matches equal those of a brute-force comparison.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, Row, text

from kit.db.engine import transaction
from matcher_service.domain import ENGINE_VERSION, FoundMatch
from matcher_service.domain.rereads import Swap
from matcher_service.store.events import count_photos, lock_event, raise_version
from matcher_service.store.marks import mark_unsettled
from matcher_service.store.rejections import MovedRejection, find_moved, move_rejected
from matcher_service.store.rereads import IS_OLD
from matcher_service.store.settlements import delete_matches, hint_changed, insert_matches
from matcher_service.store.unsettled import (
    UnsettledEvent,
    select_matches,
    select_new_faces,
    select_people,
    select_refusals,
)

SWAP_FACES = 40_000  # old and new ones per transaction; each new face holds the event's lock for about 70 microseconds
STATE = """
SELECT e.version, e.face_count, coalesce(s.changes, 0) AS changes, coalesce(s.resets, 0) AS resets
FROM matcher.events e JOIN matcher.rereads o ON o.event_id = :event AND o.attempt = :attempt
LEFT JOIN matcher.settlements s ON s.event_id = :event
WHERE e.id = :event AND NOT e.gone
"""
READ_AGAIN = f"""
SELECT r.photo_id, r.state, r.face_count,
    sum(r.face_count + p.face_count) OVER (ORDER BY r.photo_id) - r.face_count - p.face_count AS before
FROM matcher.reread_photos r JOIN matcher.photos p ON p.event_id = :event AND p.id = r.photo_id
    AND p.upload_key = r.upload_key AND {IS_OLD}
WHERE r.event_id = :event AND r.state <> 'reading'
"""
UNREAD = f"""
SELECT FROM matcher.photos p WHERE p.event_id = :event AND {IS_OLD} AND NOT EXISTS (
    SELECT FROM matcher.reread_photos r
    WHERE r.event_id = :event AND r.photo_id = p.id AND r.upload_key = p.upload_key AND r.state <> 'reading')
LIMIT 1
"""
MOVE = (
    "DELETE FROM matcher.faces WHERE event_id = :event AND photo_id = ANY(:read)",
    """
    INSERT INTO matcher.faces (event_id, photo_id, face_no, version, encoding, "left", top, width, height, size_px,
                               sharpness, brightness, yaw, penalty, sure)
    SELECT event_id, photo_id, face_no, :version, encoding, "left", top, width, height, size_px,
           sharpness, brightness, yaw, penalty, sure
    FROM matcher.reread_faces WHERE event_id = :event AND photo_id = ANY(:read)
    """,
    """
    UPDATE matcher.photos p SET engine_version = :engine, face_count = r.face_count, replaced_version = :version
    FROM matcher.reread_photos r
    WHERE p.event_id = :event AND p.id = ANY(:read) AND r.event_id = :event AND r.photo_id = p.id
    """,
    "UPDATE matcher.photos SET reread_version = :engine WHERE event_id = :event AND id = ANY(:kept)",
    "DELETE FROM matcher.reread_photos WHERE event_id = :event AND photo_id = ANY(:photos)",
)
# Rows of a photo that was replaced meanwhile are deleted with the last swap of the event.
END = f"""
DELETE FROM matcher.rereads o WHERE event_id = :event AND NOT EXISTS (
    SELECT FROM matcher.photos p WHERE p.event_id = :event AND {IS_OLD})
"""
SWEEP = """
DELETE FROM matcher.reread_photos WHERE event_id = :event AND NOT EXISTS (
    SELECT FROM matcher.rereads WHERE event_id = :event)
"""


@dataclass(frozen=True)
class UnswappedEvent:
    """A snapshot of an event, with new faces instead of old ones. `read`: photos whose faces are swapped,
    `kept`: those that could not be read. `moved`: the rejected faces among the new ones. `is_whole`: contains all
    faces and matches of the event, not only those of `read`. `is_last`: nothing is left to swap afterwards."""

    version: int
    read: tuple[UUID, ...]
    kept: tuple[UUID, ...]
    moved: tuple[MovedRejection, ...]
    is_whole: bool
    is_last: bool
    event: UnsettledEvent


class SwapStore:
    """Reads and publishes swaps of events whose photos have all been read again."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def read(self, job: Swap, max_faces: int) -> UnswappedEvent | None:
        """A snapshot; None if the event is deleted, the job is lost, or a photo is still to be read. For an event with
        more than `max_faces` faces, only those to be swapped are read. More than SWAP_FACES faces, old and new, are
        swapped in several steps."""
        values = {"event": job.event_id, "attempt": job.attempt, "engine": ENGINE_VERSION}
        with transaction(self._engine) as connection:
            connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
            state = connection.execute(text(STATE), values).first()
            if state is None or connection.execute(text(UNREAD), values).first() is not None:
                return None
            rows = connection.execute(text(READ_AGAIN), values).all()
            chosen = self._choose(rows)
            read = tuple(row.photo_id for row in chosen if row.state == "read")
            kept = tuple(row.photo_id for row in chosen if row.state == "kept")
            is_whole = state.face_count <= max_faces
            moved = find_moved(connection, job.event_id, read)
            event = _read_event(connection, job.event_id, state, read, moved, is_whole=is_whole)
        return UnswappedEvent(state.version, read, kept, moved, is_whole, len(chosen) == len(rows), event)

    def publish(
        self, job: Swap, swap: UnswappedEvent, removed: Sequence[tuple[UUID, UUID]], added: Sequence[FoundMatch]
    ) -> bool:
        """Swaps faces and matches atomically. Returns False if the job is lost, or anything in the event changed since
        it was read."""
        values = {"event": job.event_id, "attempt": job.attempt, "engine": ENGINE_VERSION}
        photos = {"read": list(swap.read), "kept": list(swap.kept), "photos": [*swap.read, *swap.kept]}
        with transaction(self._engine, "reread-swap") as connection:
            version = lock_event(connection, job.event_id)
            if version is None or not self._is_current(connection, values, swap):
                return False
            values |= {**photos, "version": version + 1}
            more = _count_more(connection, values)
            self._move(connection, values)
            move_rejected(connection, job.event_id, swap.moved)
            delete_matches(connection, job.event_id, removed)
            insert_matches(connection, job.event_id, added)
            for statement in (END, SWEEP):
                connection.execute(text(statement), values)
            if swap.read:
                count_photos(connection, job.event_id, faces=more)
                mark_unsettled(connection, job.event_id, is_reset=True)
                raise_version(connection, job.event_id, deleted=True)
            hint_changed(connection, job.event_id, removed, added)
            return True

    def _choose(self, rows: Sequence[Row[Any]]) -> Sequence[Row[Any]]:
        """As many photos as fit in one transaction, at least one."""
        return [row for row in rows if row.before <= SWAP_FACES]

    def _move(self, connection: Connection, values: dict[str, Any]) -> None:
        for statement in MOVE:
            connection.execute(text(statement), values)

    def _is_current(self, connection: Connection, values: dict[str, Any], swap: UnswappedEvent) -> bool:
        connection.execute(text("SELECT FROM matcher.rereads WHERE event_id = :event FOR UPDATE"), values)
        now = connection.execute(text(STATE), values).first()
        before = (swap.version, swap.event.changes, swap.event.resets)
        return now is not None and (now.version, now.changes, now.resets) == before


def _read_event(
    connection: Connection,
    event_id: UUID,
    state: Row[Any],
    read: Sequence[UUID],
    moved: Sequence[MovedRejection],
    *,
    is_whole: bool,
) -> UnsettledEvent:
    """Matches in swapped photos have no face number, since old numbers do not apply to the new faces."""
    swapped = set(read)
    refusals = select_refusals(connection, event_id)
    for one in moved:
        refusals[one.person_id][one.photo_id] = one.no
    matches = select_matches(connection, event_id, photos=None if is_whole else read)
    return UnsettledEvent(
        state.changes,
        state.resets,
        select_new_faces(connection, event_id, read, alone=not is_whole),
        select_people(connection, event_id),
        refusals,
        {pair: (None if pair[1] in swapped else no, grown) for pair, (no, grown) in matches.items()},
    )


def _count_more(connection: Connection, values: dict[str, Any]) -> int:
    """The difference between the new and the old number of faces in the swapped photos."""
    query = text(
        "SELECT coalesce(sum(r.face_count - p.face_count), 0) FROM matcher.photos p"
        " JOIN matcher.reread_photos r ON r.event_id = :event AND r.photo_id = p.id"
        " WHERE p.event_id = :event AND p.id = ANY(:read)"
    )
    return int(connection.execute(query, values).scalar_one())
