"""SQL of the indexer: photos claimed, published or given up, and blobs to delete."""

from collections.abc import Callable, Iterable, Sequence
from uuid import UUID

from sqlalchemy import Connection, Engine, text

from kit.db import transaction
from matcher_service.domain import MAX_FAILURES, IndexedPhoto, Job, Variant
from matcher_service.store.events import lock_event, raise_version

FindGuests = Callable[[Sequence[bytes]], Sequence[int]]


class JobStore:
    """The row of a photo is its job."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def claim(self, lease_s: float) -> Job | None:
        """The photo that waits longest. A lease that ran out is claimed again; `attempt` fences whoever had it."""
        query = text(
            """
            UPDATE matcher.photos SET attempt = attempt + 1, lease_until = now() + make_interval(secs => :lease)
            WHERE id = (
                SELECT id FROM matcher.photos
                WHERE state = 'pending' AND (lease_until IS NULL OR lease_until < now())
                ORDER BY created_at LIMIT 1 FOR UPDATE SKIP LOCKED)
            RETURNING id, event_id, upload_key, attempt
            """
        )
        with transaction(self._engine, "photo-claim") as connection:
            row = connection.execute(query, {"lease": lease_s}).first()
        return Job(row.id, row.event_id, row.upload_key, row.attempt) if row else None

    def release(self, job: Job) -> None:
        """Gives the job back, to be claimed by anyone at once."""
        self._settle(job, "lease_until = NULL")

    def fail(self, job: Job, reason: str) -> None:
        """The verdict: this photo cannot be read."""
        self._settle(job, "state = 'failed', reason = :reason, lease_until = NULL", reason=reason)

    def count_failure(self, job: Job) -> None:
        """The reader crashed or hung on this photo; after the last time it is given up, its upload kept."""
        self._settle(
            job,
            "failures = failures + 1, lease_until = NULL,"
            " state = CASE WHEN failures + 1 >= :most THEN 'failed' ELSE state END,"
            " reason = CASE WHEN failures + 1 >= :most THEN 'processing_failed' ELSE reason END",
            most=MAX_FAILURES,
        )

    def publish(self, job: Job, photo: IndexedPhoto, find_guests: FindGuests) -> bool:
        """The photo's faces and matches, all at once; False when the job is no longer ours or the photo is gone.

        `find_guests` gets the guests' encodings, read under the lock, and answers the places of those in the photo.
        """
        with transaction(self._engine, "photo-publish") as connection:
            version = lock_event(connection, job.event_id)
            if version is None or not self._is_ours(connection, job):
                return False
            guests = connection.execute(
                text("SELECT user_id, encoding FROM matcher.guests WHERE event_id = :event AND encoding IS NOT NULL"),
                {"event": job.event_id},
            ).all()
            found = [guests[place].user_id for place in find_guests([bytes(guest.encoding) for guest in guests])]
            self._insert(connection, job, photo, version + 1, found)
            raise_version(connection, job.event_id)
            return True

    def read_queue(self) -> tuple[int, float]:
        """Photos that wait, and the age of the oldest in seconds."""
        query = text(
            "SELECT count(*) AS depth, coalesce(extract(epoch FROM now() - min(created_at)), 0) AS age_s"
            " FROM matcher.photos WHERE state = 'pending'"
        )
        with transaction(self._engine) as connection:
            row = connection.execute(query).one()
        return row.depth, float(row.age_s)

    def list_blob_deletions(self, limit: int) -> list[str]:
        query = text("SELECT key FROM matcher.blob_deletions ORDER BY created_at LIMIT :limit")
        with transaction(self._engine) as connection:
            return list(connection.execute(query, {"limit": limit}).scalars())

    def settle_blob_deletions(self, keys: Iterable[str]) -> None:
        with transaction(self._engine, "blobs-settle") as connection:
            connection.execute(text("DELETE FROM matcher.blob_deletions WHERE key = ANY(:keys)"), {"keys": list(keys)})

    def find_orphans(self, keys: Sequence[str]) -> set[str]:
        """Those of the keys that no photo has."""
        query = text(
            "SELECT unnest(CAST(:keys AS text[])) EXCEPT"
            " SELECT unnest(ARRAY[upload_key, thumb_key, preview_key, original_key]) FROM matcher.photos"
        )
        with transaction(self._engine) as connection:
            return set(connection.execute(query, {"keys": list(keys)}).scalars())

    def _is_ours(self, connection: Connection, job: Job) -> bool:
        query = text(
            "SELECT FROM matcher.photos WHERE id = :photo AND attempt = :attempt AND state = 'pending' FOR UPDATE"
        )
        return connection.execute(query, {"photo": job.photo_id, "attempt": job.attempt}).first() is not None

    def _insert(
        self, connection: Connection, job: Job, photo: IndexedPhoto, version: int, found: Sequence[UUID]
    ) -> None:
        ids = {"photo": job.photo_id, "event": job.event_id}
        if photo.faces:
            connection.execute(
                text(
                    """
                    INSERT INTO matcher.faces (event_id, photo_id, version, encoding, "left", top, width, height,
                                               size_px, sharpness, brightness, yaw)
                    VALUES (:event, :photo, :version, :encoding, :left, :top, :width, :height,
                            :size_px, :sharpness, :brightness, :yaw)
                    """
                ),
                [{**vars(face), **ids, "version": version} for face in photo.faces],
            )
        connection.execute(
            text("INSERT INTO matcher.matches (user_id, photo_id) SELECT unnest(CAST(:users AS uuid[])), :photo"),
            {"users": list(found), "photo": job.photo_id},
        )
        connection.execute(
            text(
                """
                UPDATE matcher.photos SET state = 'indexed', lease_until = NULL, width = :width, height = :height,
                    taken_at = :taken_at, face_count = :faces, thumb_key = :thumb, preview_key = :preview,
                    original_key = :original WHERE id = :photo
                """
            ),
            {
                "photo": job.photo_id,
                "width": photo.width,
                "height": photo.height,
                "taken_at": photo.taken_at,
                "faces": len(photo.faces) + photo.small_count,
                **{variant.value: photo.keys[variant] for variant in Variant},
            },
        )

    def _settle(self, job: Job, assignments: str, **values: object) -> None:
        query = text(
            f"UPDATE matcher.photos SET {assignments} WHERE id = :photo AND attempt = :attempt AND state = 'pending'"
        )
        with transaction(self._engine, "photo-write") as connection:
            connection.execute(query, {"photo": job.photo_id, "attempt": job.attempt, **values})
