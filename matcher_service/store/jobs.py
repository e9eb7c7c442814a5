"""SQL of the indexer: claims, publishes and gives up photos, and lists files to delete."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, Row, text

from kit.db.engine import transaction
from matcher_service.domain import ENGINE_VERSION, MAX_FAILURES, IndexedPhoto, Job, NewFace, Variant
from matcher_service.faces import FoundPerson
from matcher_service.store.audience import USER, unhidden
from matcher_service.store.cameras import settle_time
from matcher_service.store.encodings import open_person, seal_new
from matcher_service.store.events import IS_NAMED, count_photos, lock_event, raise_version
from matcher_service.store.forgotten import drop_forgotten
from matcher_service.store.hints import hint, hint_all, hint_organisers
from matcher_service.store.marks import mark_unsettled
from matcher_service.store.rejections import read_rejected
from matcher_service.store.replacements import Before, replace_upload

FIRST_ID = UUID(int=0)
SET_INDEXED = text("""
UPDATE matcher.photos SET state = 'indexed', lease_until = NULL, width = :width, height = :height,
    taken_at = :taken_at, taken_offset_min = :offset_min, camera_id = :camera,
    clock_offset_s = :clock_offset, face_count = :faces, thumb_key = :thumb,
    medium_key = :medium, preview_key = :preview, original_key = :original,
    original_parts = CAST(:parts AS jsonb), original_bytes = :size, engine_version = :engine,
    colour = :colour
WHERE event_id = :event AND id = :photo
RETURNING visibility, from_guest, uploader_id
""")
INSERT_FACE = text(
    """
    INSERT INTO matcher.faces (event_id, photo_id, face_no, version, encoding, "left", top, width, height, size_px,
                               sharpness, brightness, yaw, penalty, sure)
    VALUES (:event, :photo, :no, :version, :encoding, :left, :top, :width, :height, :size_px, :sharpness, :brightness,
            :yaw, :penalty, :sure)
    """
)
INSERT_MATCH = text(
    f"""
    INSERT INTO matcher.matches (event_id, person_id, photo_id, face_no, distance, created_at, sorted_at, shown)
    SELECT p.event_id, :person, p.id, :no, :distance, p.created_at, p.sorted_at, {unhidden(USER)}
    FROM matcher.photos p WHERE p.event_id = :event AND p.id = :photo AND NOT EXISTS (
        SELECT FROM matcher.refusals WHERE event_id = :event AND person_id = :person AND photo_id = :photo)
    """
)

# The tables whose rows are jobs, by whether they contain new versions of photos.
TABLES = {False: "matcher.photos", True: "matcher.replacements"}

FindPeople = Callable[[Sequence[bytes], Mapping[int, Sequence[bytes]], Sequence[NewFace]], Sequence[FoundPerson]]


class JobStore:
    """The indexer's queue: a job is the row of a photo, or of a new version of one."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._served = FIRST_ID  # the event that had the last turn

    def claim(self, lease_s: float) -> Job | None:
        """Claims the photo that has waited longest in the next event that has one: an event of a thousand photos delays
        another event by one photo only. An expired lease can be claimed again; `attempt` fences its previous holder."""
        with transaction(self._engine, "photo-claim") as connection:
            row = self._claim_after(connection, self._served, lease_s)
            if row is None and self._served != FIRST_ID:
                row = self._claim_after(connection, FIRST_ID, lease_s)
        self._served = row.event_id if row else FIRST_ID
        return row and Job(row.id, row.event_id, row.upload_key, row.attempt, row.is_replacement)

    def _claim_after(self, connection: Connection, event_id: UUID, lease_s: float) -> Row[Any] | None:
        """Events take turns in the order of their ids; events that are being deleted are skipped."""
        waits = """
            SELECT event_id, id, created_at FROM {table}
            WHERE state = 'pending' AND event_id > :after AND (lease_until IS NULL OR lease_until < now())
            ORDER BY event_id, created_at LIMIT 1 FOR UPDATE SKIP LOCKED
        """
        find = text(
            f"WITH photo AS ({waits.format(table=TABLES[False])}), newer AS ({waits.format(table=TABLES[True])})"
            " SELECT *, false AS is_replacement FROM photo UNION ALL SELECT *, true FROM newer"
            " ORDER BY event_id, created_at LIMIT 1"
        )
        is_gone = text("SELECT FROM matcher.events WHERE id = :event AND gone")
        while (row := connection.execute(find, {"after": event_id}).first()) is not None:
            event_id = row.event_id
            if connection.execute(is_gone, {"event": event_id}).first() is None:
                claim = text(
                    f"UPDATE {TABLES[row.is_replacement]} SET attempt = attempt + 1,"
                    " lease_until = now() + make_interval(secs => :lease) WHERE event_id = :event AND id = :photo"
                    " RETURNING id, event_id, upload_key, attempt, CAST(:replaces AS boolean) AS is_replacement"
                )
                values = {"event": event_id, "photo": row.id, "lease": lease_s, "replaces": row.is_replacement}
                return connection.execute(claim, values).one()
        return None

    def release(self, job: Job) -> None:
        """Releases the job; any worker may claim it at once."""
        self._settle(job, "lease_until = NULL")

    def fail(self, job: Job, reason: str) -> None:
        """Marks the photo as unreadable."""
        self._give_up(job, reason)

    def count_failure(self, job: Job) -> None:
        """Counts a crash or hang on this photo; after the last attempt it fails, and its upload is kept."""
        is_last = text(
            f"SELECT failures + 1 >= :most FROM {TABLES[job.is_replacement]} WHERE event_id = :event AND id = :photo"
            " AND attempt = :attempt AND state = 'pending'"
        )
        values = {"event": job.event_id, "photo": job.photo_id, "attempt": job.attempt, "most": MAX_FAILURES}
        with transaction(self._engine) as connection:
            gives_up = connection.execute(is_last, values).scalar()
        if gives_up:
            self._give_up(job, "processing_failed")
        else:
            self._settle(job, "failures = failures + 1, lease_until = NULL")

    def publish(self, job: Job, photo: IndexedPhoto, find_people: FindPeople) -> bool:
        """Publishes the photo's faces and matches atomically; returns False if the job is lost or the photo is deleted.

        `find_people` receives the encodings of the event's people, read under the lock, those of the faces that each
        person rejected, by index, and the photo's faces except forgotten ones; it returns the people in the photo.
        """
        with transaction(self._engine, "photo-publish") as connection:
            version = lock_event(connection, job.event_id)
            if version is None or not self._is_ours(connection, job):
                return False
            before = replace_upload(connection, job, version + 1) if job.is_replacement else Before()
            if before is None:
                return False
            photo = self._drop_forgotten(connection, job, photo)
            people = connection.execute(
                text(
                    "SELECT person_id, user_id, encodings FROM matcher.people"
                    " WHERE event_id = :event AND encodings IS NOT NULL"
                ),
                {"event": job.event_id},
            ).all()
            rejected = read_rejected(connection, job.event_id)
            by_place = {place: rejected[one.person_id] for place, one in enumerate(people) if one.person_id in rejected}
            encodings = [open_person(connection, one.person_id, bytes(one.encodings)) for one in people]
            found = find_people(encodings, by_place, photo.faces)
            row = self._insert(
                connection, job, photo, version + 1, [(people[one.place].person_id, one) for one in found]
            )
            counts = Counter(indexed=1, faces=len(photo.faces) + photo.small_count)
            counts.subtract({before.state.value: 1, "faces": before.face_count})
            count_photos(connection, job.event_id, **counts)
            if photo.faces or job.is_replacement:
                mark_unsettled(connection, job.event_id, is_reset=job.is_replacement)
            raise_version(connection, job.event_id, deleted=job.is_replacement)
            shown_to = {people[one.place].user_id for one in found} if row.visibility == "matched" else set()
            if row.visibility == "everyone":
                hint_all(connection, job.event_id)
            else:
                hint(connection, job.event_id, [*(shown_to | _guest_who_added(row))])
            return True

    def read_queue(self) -> tuple[int, float]:
        """The number of waiting photos, and the age of the oldest in seconds."""
        query = text(
            "SELECT count(*) AS depth, coalesce(extract(epoch FROM now() - min(created_at)), 0) AS age_s"
            " FROM (SELECT created_at FROM matcher.photos WHERE state = 'pending'"
            " UNION ALL SELECT created_at FROM matcher.replacements WHERE state = 'pending') AS waiting"
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
        """The keys to which no photo or logo refers; one index lookup each."""
        query = text(f"SELECT key FROM unnest(CAST(:keys AS text[])) AS keys (key) WHERE NOT {IS_NAMED}")
        with transaction(self._engine) as connection:
            return set(connection.execute(query, {"keys": list(keys)}).scalars())

    def find_old_original(self) -> Job | None:
        """An indexed photo of version 0001, whose original was re-encoded; `attempt` is that of its indexing."""
        query = text(
            "SELECT id, event_id, upload_key, attempt FROM matcher.photos"
            " WHERE state = 'indexed' AND content_type = '' LIMIT 1"
        )
        with transaction(self._engine) as connection:
            row = connection.execute(query).first()
        return Job(row.id, row.event_id, row.upload_key, row.attempt) if row else None

    def replace_original(self, job: Job, content_type: str, parts: list[Any] | None, size_bytes: int) -> None:
        """Sends the original from `parts` of the upload from now on, and deletes its file; None: it stays."""
        queue = text(
            "INSERT INTO matcher.blob_deletions (key) SELECT original_key FROM matcher.photos WHERE event_id = :event"
            " AND id = :photo AND attempt = :attempt AND state = 'indexed' AND original_key IS NOT NULL"
            " ON CONFLICT DO NOTHING"
        )
        change = "content_type = :content_type"
        with transaction(self._engine, "photo-convert") as connection:
            if lock_event(connection, job.event_id) is None:
                return
            values: dict[str, Any] = {"event": job.event_id, "photo": job.photo_id, "attempt": job.attempt}
            if parts is not None:
                connection.execute(queue, values)
                change += ", original_key = NULL, original_parts = CAST(:parts AS jsonb), original_bytes = :size"
            query = text(
                f"UPDATE matcher.photos SET {change}"
                " WHERE event_id = :event AND id = :photo AND attempt = :attempt AND state = 'indexed'"
            )
            values |= {"content_type": content_type, "parts": json.dumps(parts), "size": size_bytes}
            connection.execute(query, values)

    def _is_ours(self, connection: Connection, job: Job) -> bool:
        query = text(
            f"SELECT FROM {TABLES[job.is_replacement]} WHERE event_id = :event AND id = :photo AND attempt = :attempt"
            " AND upload_key = :key AND state = 'pending' FOR UPDATE"
        )
        values = {"event": job.event_id, "photo": job.photo_id, "attempt": job.attempt, "key": job.upload_key}
        return connection.execute(query, values).first() is not None

    def _drop_forgotten(self, connection: Connection, job: Job, photo: IndexedPhoto) -> IndexedPhoto:
        size = photo.width, photo.height
        faces = drop_forgotten(connection, job.event_id, job.photo_id, photo.faces, size)
        return replace(photo, faces=faces)

    def _insert(
        self,
        connection: Connection,
        job: Job,
        photo: IndexedPhoto,
        version: int,
        found: Sequence[tuple[UUID, FoundPerson]],
    ) -> Row[Any]:
        """Updates the photo's row first, because matches copy its times. An existing capture time is kept."""
        ids = {"photo": job.photo_id, "event": job.event_id}
        row = connection.execute(
            SET_INDEXED,
            {
                **ids,
                "width": photo.width,
                "height": photo.height,
                **settle_time(connection, job, photo),
                "faces": len(photo.faces) + photo.small_count,
                "parts": None if photo.original_parts is None else json.dumps(photo.original_parts),
                "size": photo.original_bytes,
                "engine": ENGINE_VERSION,
                "colour": photo.colour,
                **{variant.value: photo.keys.get(variant) for variant in Variant},
            },
        ).one()
        if photo.faces:
            faces = [seal_new(connection, job.event_id, face) for face in photo.faces]
            rows = [{**face, **ids, "no": no, "version": version} for no, face in enumerate(faces)]
            connection.execute(INSERT_FACE, rows)
        if found:
            matches = [{**ids, "person": person, "no": one.no, "distance": one.distance} for person, one in found]
            connection.execute(INSERT_MATCH, matches)
        return row

    def _give_up(self, job: Job, reason: str) -> None:
        change = text(
            f"UPDATE {TABLES[job.is_replacement]} SET state = 'failed', reason = :reason, lease_until = NULL,"
            " failures = failures + CAST(:crashed AS integer) WHERE event_id = :event AND id = :photo"
        )
        uploader = text("SELECT from_guest, uploader_id FROM matcher.photos WHERE event_id = :event AND id = :photo")
        with transaction(self._engine, "photo-write") as connection:
            if lock_event(connection, job.event_id) is None or not self._is_ours(connection, job):
                return
            values = {"event": job.event_id, "photo": job.photo_id, "reason": reason}
            connection.execute(change, {**values, "crashed": reason == "processing_failed"})
            if job.is_replacement:
                hint_organisers(connection, job.event_id)
                return
            hint(connection, job.event_id, [*_guest_who_added(connection.execute(uploader, values).one())])
            count_photos(connection, job.event_id, pending=-1, failed=1)

    def _settle(self, job: Job, assignments: str) -> None:
        query = text(
            f"UPDATE {TABLES[job.is_replacement]} SET {assignments}"
            " WHERE event_id = :event AND id = :photo AND attempt = :attempt AND upload_key = :key"
            " AND state = 'pending'"
        )
        values = {"event": job.event_id, "photo": job.photo_id, "attempt": job.attempt, "key": job.upload_key}
        with transaction(self._engine, "photo-write") as connection:
            connection.execute(query, values)


def _guest_who_added(row: Row[Any]) -> set[UUID]:
    """The guest to notify, whose list of uploads shows the state of each photo."""
    return {row.uploader_id} if row.from_guest else set()
