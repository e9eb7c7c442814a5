"""SQL of reading photos of an older engine again: plans events, claims photos, and stages new faces.

Nothing else reads the staged faces until the swap (`SwapStore`).
"""

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, Row, text

from kit.db.engine import transaction
from matcher_service.domain import ENGINE_VERSION, MAX_FAILURES, NewFace
from matcher_service.domain.rereads import RereadJob, RereadPhoto, RereadProgress, Swap
from matcher_service.store.encodings import seal_new
from matcher_service.store.events import lock_event
from matcher_service.store.forgotten import drop_forgotten

FIRST_ID = UUID(int=0)
SWAP_LEASES = 20  # the lease of a swap, as a multiple of a photo's lease
# Condition on photos `p`.
IS_OLD = "p.state = 'indexed' AND p.engine_version < :engine AND p.reread_version < :engine"
PLAN = f"""
INSERT INTO matcher.rereads (event_id, engine_version)
SELECT e.id, :engine FROM matcher.events e
WHERE NOT e.gone AND (e.id = :event OR CAST(:event AS uuid) IS NULL)
    AND EXISTS (SELECT FROM matcher.photos p WHERE p.event_id = e.id AND {IS_OLD})
ON CONFLICT (event_id) DO NOTHING
"""
NEXT_EVENT = """
SELECT r.event_id, r.engine_version, r.after_id FROM matcher.rereads r
JOIN matcher.events e ON e.id = r.event_id AND NOT e.gone
WHERE r.event_id > :after AND r.engine_version <= :engine
ORDER BY r.event_id LIMIT 1 FOR UPDATE OF r SKIP LOCKED
"""
# Skips a photo that is being deleted.
NEXT_PHOTO = f"""
SELECT p.id, p.upload_key FROM matcher.photos p
WHERE p.event_id = :event AND p.id > :after AND {IS_OLD} AND NOT EXISTS (
    SELECT FROM matcher.reread_photos r
    WHERE r.event_id = :event AND r.photo_id = p.id AND r.upload_key = p.upload_key)
ORDER BY p.id LIMIT 1 FOR KEY SHARE OF p SKIP LOCKED
"""
LEFT_BEHIND = """
UPDATE matcher.reread_photos SET attempt = attempt + 1, lease_until = now() + make_interval(secs => :lease)
WHERE event_id = :event AND photo_id = (
    SELECT photo_id FROM matcher.reread_photos WHERE event_id = :event AND state = 'reading'
        AND (lease_until IS NULL OR lease_until < now())
    ORDER BY photo_id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING photo_id, upload_key, attempt
"""
# Results of an older engine or for a replaced upload are stale, whatever their attempt.
IS_OURS = (
    "event_id = :event AND photo_id = :photo AND attempt = :attempt AND upload_key = :key AND state = 'reading'"
    " AND EXISTS (SELECT FROM matcher.rereads o WHERE o.event_id = :event AND o.engine_version = :engine)"
)
INSERT_FACE = text(
    """
    INSERT INTO matcher.reread_faces (event_id, photo_id, face_no, encoding, "left", top, width, height, size_px,
                                      sharpness, brightness, yaw, penalty, sure)
    VALUES (:event, :photo, :no, :encoding, :left, :top, :width, :height, :size_px, :sharpness, :brightness, :yaw,
            :penalty, :sure)
    """
)


class RereadStore:
    """Events whose photos are read again; each photo is a job, and so is the swap of an event."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._served = FIRST_ID  # the event that had the last turn

    def plan(self, event_id: UUID | None = None) -> int:
        """Schedules photos of an older engine to be read again, in one event or in all; returns how many events were
        added."""
        with transaction(self._engine, "reread-plan") as connection:
            return connection.execute(text(PLAN), {"event": event_id, "engine": ENGINE_VERSION}).rowcount

    def measure(self, event_id: UUID) -> RereadProgress:
        query = text(
            f"SELECT count(*) AS old, count(r.photo_id) AS done FROM matcher.photos p LEFT JOIN matcher.reread_photos r"
            " ON r.event_id = :event AND r.photo_id = p.id AND r.upload_key = p.upload_key AND r.state <> 'reading'"
            f" WHERE p.event_id = :event AND {IS_OLD}"
        )
        with transaction(self._engine) as connection:
            row = connection.execute(query, {"event": event_id, "engine": ENGINE_VERSION}).one()
        return RereadProgress(row.old, row.done)

    def list_events(self) -> list[UUID]:
        """Events whose photos are being read again."""
        with transaction(self._engine) as connection:
            return list(connection.execute(text("SELECT event_id FROM matcher.rereads ORDER BY event_id")).scalars())

    def claim(self, lease_s: float) -> RereadJob | None:
        """Claims the next photo of the next event that has one (events take turns), or the swap of an event whose
        photos have all been read. An expired lease can be claimed again; `attempt` fences its previous holder."""
        with transaction(self._engine, "reread-claim") as connection:
            job = self._claim_after(connection, self._served, lease_s)
            if job is None and self._served != FIRST_ID:
                job = self._claim_after(connection, FIRST_ID, lease_s)
        self._served = job.event_id if job else FIRST_ID
        return job

    def stage(self, job: RereadPhoto, faces: tuple[NewFace, ...], small_count: int) -> bool:
        """Stages the faces except forgotten ones; returns False if the job is lost or the photo is deleted."""
        ids = {"event": job.event_id, "photo": job.photo_id}
        size = text("SELECT width, height FROM matcher.photos WHERE event_id = :event AND id = :photo")
        with transaction(self._engine, "reread-stage") as connection:
            if lock_event(connection, job.event_id) is None:
                return False
            if (row := connection.execute(size, ids).first()) is None:
                return False
            faces = self._drop_forgotten(connection, job, faces, (row.width, row.height))
            if not self._settle(connection, job, "read", len(faces) + small_count):
                return False
            if faces:
                sealed = [seal_new(connection, job.event_id, face) for face in faces]
                connection.execute(INSERT_FACE, [{**face, **ids, "no": no} for no, face in enumerate(sealed)])
            return True

    def _drop_forgotten(
        self, connection: Connection, job: RereadPhoto, faces: tuple[NewFace, ...], size: tuple[int, int]
    ) -> tuple[NewFace, ...]:
        return drop_forgotten(connection, job.event_id, job.photo_id, faces, size)

    def keep(self, job: RereadPhoto) -> None:
        """Completes the job of a photo that can no longer be read; the photo keeps its faces."""
        with transaction(self._engine, "reread-keep") as connection:
            self._settle(connection, job, "kept", 0)

    def count_failure(self, job: RereadPhoto) -> None:
        """Counts a crash or hang on this photo; after the last attempt it keeps its faces."""
        update = text(
            "UPDATE matcher.reread_photos SET failures = failures + 1, lease_until = NULL, state ="
            f" CASE WHEN failures + 1 >= :most THEN 'kept' ELSE state END WHERE {IS_OURS}"
        )
        with transaction(self._engine, "reread-fail") as connection:
            connection.execute(update, {**_values(job), "most": MAX_FAILURES})

    def release(self, job: RereadJob) -> None:
        """Releases the job; any worker may claim it at once."""
        if isinstance(job, Swap):
            self.rest(job, 0)
            return
        with transaction(self._engine, "reread-release") as connection:
            update = text(f"UPDATE matcher.reread_photos SET lease_until = NULL WHERE {IS_OURS}")
            connection.execute(update, _values(job))

    def rest(self, job: Swap, rest_s: float) -> None:
        """Releases the swap; any worker may claim it after `rest_s`."""
        update = text(
            "UPDATE matcher.rereads SET lease_until = now() + make_interval(secs => :rest)"
            " WHERE event_id = :event AND attempt = :attempt"
        )
        with transaction(self._engine, "reread-release") as connection:
            connection.execute(update, {"event": job.event_id, "attempt": job.attempt, "rest": rest_s})

    def read_queue(self) -> tuple[int, float]:
        """The number of photos still to be read again, and how long the first event has waited, in seconds."""
        query = text(
            f"""
            SELECT count(p.id) AS depth, coalesce(extract(epoch FROM now() - min(o.since)), 0) AS age_s
            FROM matcher.rereads o LEFT JOIN matcher.photos p ON p.event_id = o.event_id AND {IS_OLD}
                AND NOT EXISTS (SELECT FROM matcher.reread_photos r WHERE r.event_id = o.event_id
                    AND r.photo_id = p.id AND r.upload_key = p.upload_key AND r.state <> 'reading')
            """
        )
        with transaction(self._engine) as connection:
            row = connection.execute(query, {"engine": ENGINE_VERSION}).one()
        return row.depth, float(row.age_s)

    def _claim_after(self, connection: Connection, event_id: UUID, lease_s: float) -> RereadJob | None:
        """Tries events in the order of their ids; skips an event whose last photos other workers are reading."""
        values = {"engine": ENGINE_VERSION, "after": event_id}
        while (row := connection.execute(text(NEXT_EVENT), values).first()) is not None:
            if (job := self._claim_in(connection, row, lease_s)) is not None:
                return job
            values["after"] = row.event_id
        return None

    def _claim_in(self, connection: Connection, event: Row[Any], lease_s: float) -> RereadJob | None:
        values: dict[str, Any] = {"event": event.event_id, "engine": ENGINE_VERSION, "lease": lease_s}
        after_id = event.after_id
        if event.engine_version < ENGINE_VERSION:
            begin_again(connection, values)
            after_id = FIRST_ID
        row = connection.execute(text(LEFT_BEHIND), values).first()
        if row is not None:
            return RereadPhoto(event.event_id, row.photo_id, row.upload_key, row.attempt)
        photo = connection.execute(text(NEXT_PHOTO), {**values, "after": after_id}).first()
        if photo is None and after_id != FIRST_ID:  # left by a process of the previous version
            photo = connection.execute(text(NEXT_PHOTO), {**values, "after": FIRST_ID}).first()
        if photo is None:
            return self._claim_swap(connection, values)
        for statement in (
            "DELETE FROM matcher.reread_photos WHERE event_id = :event AND photo_id = :photo",  # of another upload
            "INSERT INTO matcher.reread_photos (event_id, photo_id, upload_key, lease_until)"
            " VALUES (:event, :photo, :key, now() + make_interval(secs => :lease))",
            "UPDATE matcher.rereads SET after_id = :photo WHERE event_id = :event",
        ):
            connection.execute(text(statement), {**values, "photo": photo.id, "key": photo.upload_key})
        return RereadPhoto(event.event_id, photo.id, photo.upload_key, 1)

    def _claim_swap(self, connection: Connection, values: dict[str, Any]) -> Swap | None:
        """Claims the swap if no photo is still being read."""
        claim = text(
            """
            UPDATE matcher.rereads r SET attempt = attempt + 1, lease_until = now() + make_interval(secs => :lease)
            WHERE event_id = :event AND (lease_until IS NULL OR lease_until < now()) AND NOT EXISTS (
                SELECT FROM matcher.reread_photos p WHERE p.event_id = :event AND p.state = 'reading')
            RETURNING attempt
            """
        )
        row = connection.execute(claim, {**values, "lease": SWAP_LEASES * values["lease"]}).first()
        return Swap(values["event"], row.attempt) if row else None

    def _settle(self, connection: Connection, job: RereadPhoto, state: str, face_count: int) -> bool:
        update = text(
            f"UPDATE matcher.reread_photos SET state = :state, face_count = :count, lease_until = NULL WHERE {IS_OURS}"
        )
        values = {**_values(job), "state": state, "count": face_count}
        return connection.execute(update, values).rowcount > 0


def begin_again(connection: Connection, values: dict[str, Any]) -> None:
    """Discards what an older engine has read again."""
    for statement in (
        "DELETE FROM matcher.reread_photos WHERE event_id = :event",
        "UPDATE matcher.rereads SET engine_version = :engine, attempt = attempt + 1, lease_until = NULL,"
        f" after_id = '{FIRST_ID}' WHERE event_id = :event",
    ):
        connection.execute(text(statement), values)


def _values(job: RereadPhoto) -> dict[str, Any]:
    key = job.upload_key
    return {"event": job.event_id, "photo": job.photo_id, "attempt": job.attempt, "key": key, "engine": ENGINE_VERSION}
