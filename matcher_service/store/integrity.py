"""SQL of the check: pages of all rows in the order of their key, and repairs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, Row, text

from kit.db.engine import transaction
from kit.vault import OVERHEAD_BYTES
from matcher_service.domain import PhotoState
from matcher_service.findings import FILE_MISSING, PhotoFiles, Problem, RowPage, UploadFile
from matcher_service.store.audience import show_again, unhidden
from matcher_service.store.encodings import ENCODING_BYTES, SEALED_BYTES
from matcher_service.store.events import IS_NAMED, PHOTOS_CHANNEL, count_photos, lock_event, raise_version
from matcher_service.store.jobs import FIRST_ID
from matcher_service.store.marks import mark_unsettled
from matcher_service.store.rejections import forget_rejected

SELECT_PHOTOS = """
SELECT id, event_id, state, reason, attempt, sha256, size_bytes, upload_key, thumb_key, preview_key, medium_key,
    original_key, original_parts, new_key, new_sha256, new_bytes,
    array_remove(ARRAY[
        CASE WHEN state <> 'indexed' AND (
            EXISTS (SELECT FROM matcher.faces f WHERE f.event_id = p.event_id AND f.photo_id = p.id)
            OR EXISTS (SELECT FROM matcher.matches m WHERE m.event_id = p.event_id AND m.photo_id = p.id))
            THEN 'unread_with_faces' END,
        CASE WHEN EXISTS (SELECT FROM matcher.tombstones t WHERE t.id = p.event_id)
            AND NOT (SELECT gone FROM matcher.events e WHERE e.id = p.event_id) THEN 'photo_of_deleted_event' END
    ], NULL) AS problems
FROM matcher.photos p LEFT JOIN LATERAL (
    SELECT r.upload_key AS new_key, r.sha256 AS new_sha256, r.size_bytes AS new_bytes FROM matcher.replacements r
    WHERE (r.event_id, r.id) = (p.event_id, p.id) AND (r.state, r.reason) <> ('failed', 'file_missing')) n ON true
"""
COUNT_PHOTOS = """
SELECT count(*) FILTER (WHERE state = 'pending') AS pending, count(*) FILTER (WHERE state = 'indexed') AS indexed,
    count(*) FILTER (WHERE state = 'failed') AS failed, coalesce(sum(face_count), 0) AS faces
FROM matcher.photos WHERE event_id = e.id
"""


@dataclass(frozen=True)
class Walk:
    """How to read a table in pages: its key, the key before its first row, and the problems of a row."""

    key: tuple[str, ...]
    start: tuple[UUID | int, ...]
    select: str


# Each statement reads one page of a table, in one snapshot.
WALKS = {
    "face": Walk(
        ("event_id", "photo_id", "face_no"),
        (FIRST_ID, FIRST_ID, -1),
        f"""
        SELECT f.event_id, f.photo_id, f.face_no, array_remove(ARRAY[
            CASE WHEN f.version > e.version THEN 'face_too_new' END,
            CASE WHEN octet_length(f.encoding) NOT IN ({ENCODING_BYTES}, {SEALED_BYTES})
                THEN 'face_size' END], NULL) AS problems
        FROM (SELECT * FROM matcher.faces WHERE (event_id, photo_id, face_no) > (:event_id, :photo_id, :face_no)
              ORDER BY event_id, photo_id, face_no LIMIT :limit) f
        LEFT JOIN matcher.events e ON e.id = f.event_id ORDER BY f.event_id, f.photo_id, f.face_no
        """,
    ),
    "match": Walk(
        ("event_id", "person_id", "photo_id"),
        (FIRST_ID, FIRST_ID, FIRST_ID),
        f"""
        SELECT m.event_id, m.person_id, m.photo_id, array_remove(ARRAY[
            CASE WHEN e.gone THEN NULL
                 WHEN me.user_id IS NULL THEN 'match_of_stranger'
                 WHEN o.encodings IS NULL THEN 'match_without_face' END,
            CASE WHEN NOT e.gone AND me.user_id IS NOT NULL AND m.shown <> {unhidden("o.user_id")}
                 THEN 'match_shown_wrong' END], NULL) AS problems
        FROM (SELECT * FROM matcher.matches WHERE (event_id, person_id, photo_id) > (:event_id, :person_id, :photo_id)
              ORDER BY event_id, person_id, photo_id LIMIT :limit) m
        JOIN matcher.events e ON e.id = m.event_id
        JOIN matcher.photos p ON p.event_id = m.event_id AND p.id = m.photo_id
        LEFT JOIN matcher.people o ON o.event_id = m.event_id AND o.person_id = m.person_id
        LEFT JOIN matcher.memberships me ON me.event_id = m.event_id AND me.user_id = o.user_id
        ORDER BY m.event_id, m.person_id, m.photo_id
        """,
    ),
    "person": Walk(
        ("event_id", "person_id"),
        (FIRST_ID, FIRST_ID),
        f"""
        SELECT event_id, person_id, array_remove(ARRAY[
            CASE WHEN octet_length(encodings) = 0
                OR octet_length(encodings) % {ENCODING_BYTES} NOT IN (0, {OVERHEAD_BYTES}) THEN 'person_size' END,
            CASE WHEN encodings IS NOT NULL AND EXISTS (SELECT FROM matcher.tombstones WHERE id = user_id)
                 THEN 'person_erased' END], NULL) AS problems
        FROM matcher.people WHERE (event_id, person_id) > (:event_id, :person_id)
        ORDER BY event_id, person_id LIMIT :limit
        """,
    ),
    "member": Walk(
        ("event_id", "user_id"),
        (FIRST_ID, FIRST_ID),
        """
        SELECT event_id, user_id, array_remove(ARRAY[
            CASE WHEN EXISTS (SELECT FROM matcher.tombstones WHERE id = user_id) THEN 'member_erased' END
            ], NULL) AS problems
        FROM matcher.memberships WHERE (event_id, user_id) > (:event_id, :user_id)
        ORDER BY event_id, user_id LIMIT :limit
        """,
    ),
    "event": Walk(
        ("event_id",),
        (FIRST_ID,),
        f"""
        SELECT e.id AS event_id, array_remove(ARRAY[
            CASE WHEN NOT e.gone AND (e.pending_count, e.indexed_count, e.failed_count, e.face_count)
                <> (c.pending, c.indexed, c.failed, c.faces) THEN 'counts_wrong' END], NULL) AS problems
        FROM (SELECT * FROM matcher.events WHERE id > :event_id ORDER BY id LIMIT :limit) e
        CROSS JOIN LATERAL ({COUNT_PHOTOS}) c ORDER BY e.id
        """,
    ),
}


class IntegrityStore:
    """Reads and repairs rows. Each repair checks under the lock whether it still applies; it returns False if not."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def list_photos(self, after: tuple[UUID, UUID], limit: int) -> list[PhotoFiles]:
        """In the order of (event, photo)."""
        query = text(f"{SELECT_PHOTOS} WHERE (event_id, id) > (:event, :photo) ORDER BY event_id, id LIMIT :limit")
        values = {"event": after[0], "photo": after[1], "limit": limit}
        with transaction(self._engine) as connection:
            return [_photo(row) for row in connection.execute(query, values)]

    def find_photo(self, event_id: UUID, photo_id: UUID) -> PhotoFiles | None:
        query = text(f"{SELECT_PHOTOS} WHERE event_id = :event AND id = :photo")
        with transaction(self._engine) as connection:
            row = connection.execute(query, {"event": event_id, "photo": photo_id}).first()
        return _photo(row) if row else None

    def find_strays(self, keys: Sequence[str]) -> set[str]:
        """The keys to which no photo or logo refers and whose deletion is not queued; one index lookup each."""
        query = text(
            "SELECT key FROM unnest(CAST(:keys AS text[])) AS keys (key)"
            " WHERE NOT EXISTS (SELECT FROM matcher.blob_deletions d WHERE d.key = keys.key)"
            f" AND NOT {IS_NAMED}"
        )
        with transaction(self._engine) as connection:
            return set(connection.execute(query, {"keys": list(keys)}).scalars())

    def read_rows(self, table: str, after: tuple[UUID | int, ...] | None, limit: int) -> RowPage:
        """A page of one of WALKS."""
        walk = WALKS[table]
        values = dict(zip(walk.key, after or walk.start, strict=True))
        with transaction(self._engine) as connection:
            rows = connection.execute(text(walk.select), {**values, "limit": limit}).mappings().all()
        faulty = [
            (Problem(problem), {name: value for name, value in row.items() if name != "problems"})
            for row in rows
            for problem in row["problems"]
        ]
        last = tuple(rows[-1][name] for name in walk.key) if len(rows) == limit else None
        return RowPage(len(rows), faulty, last)

    def read_again(self, photo: PhotoFiles) -> bool:
        """Makes the photo pending again and deletes its pictures."""
        query = text(
            """
            UPDATE matcher.photos SET state = 'pending', attempt = attempt + 1, failures = 0, lease_until = NULL,
                thumb_key = NULL, preview_key = NULL, medium_key = NULL, original_key = NULL, original_parts = NULL,
                original_bytes = NULL, face_count = 0
            WHERE event_id = :event AND id = :photo
            RETURNING (SELECT face_count FROM matcher.photos WHERE event_id = :event AND id = :photo) AS faces_before
            """
        )
        with transaction(self._engine) as connection:
            if not _lock(connection, photo):
                return False
            keys = [key for key in photo.picture_keys if key]
            queue = "INSERT INTO matcher.blob_deletions (key) SELECT unnest(CAST(:keys AS text[]))"
            connection.execute(text(f"{queue} ON CONFLICT DO NOTHING"), {"keys": keys})
            _forget_faces(connection, photo)
            faces = connection.execute(query, {"event": photo.event_id, "photo": photo.id}).scalar_one()
            count_photos(connection, photo.event_id, pending=1, indexed=-1, faces=-faces)
            connection.execute(text("SELECT pg_notify(:channel, '')"), {"channel": PHOTOS_CHANNEL})
            raise_version(connection, photo.event_id, deleted=True)
            return True

    def fail_lost(self, photo: PhotoFiles) -> bool:
        """Marks a photo as failed, because its file is lost."""
        query = text(
            "UPDATE matcher.photos SET state = 'failed', reason = :reason, lease_until = NULL, attempt = attempt + 1"
            " WHERE event_id = :event AND id = :photo AND attempt = :attempt AND state = 'pending'"
        )
        values = {"event": photo.event_id, "photo": photo.id, "attempt": photo.attempt, "reason": FILE_MISSING}
        with transaction(self._engine) as connection:
            if lock_event(connection, photo.event_id) is None or not connection.execute(query, values).rowcount:
                return False
            count_photos(connection, photo.event_id, pending=-1, failed=1)
            return True

    def fail_lost_version(self, photo: PhotoFiles) -> bool:
        """Marks a new version as failed, because its file is lost; the photo is unchanged."""
        query = text(
            "UPDATE matcher.replacements SET state = 'failed', reason = :reason, lease_until = NULL,"
            " attempt = attempt + 1 WHERE event_id = :event AND id = :photo AND upload_key = :key"
        )
        key = photo.new_version and photo.new_version.key
        values = {"event": photo.event_id, "photo": photo.id, "key": key, "reason": FILE_MISSING}
        with transaction(self._engine) as connection:
            return lock_event(connection, photo.event_id) is not None and connection.execute(query, values).rowcount > 0

    def forget_faces(self, photo: PhotoFiles) -> bool:
        """Deletes the faces and matches of a photo that is not indexed."""
        with transaction(self._engine) as connection:
            if not _lock(connection, photo):
                return False
            _forget_faces(connection, photo)
            raise_version(connection, photo.event_id, deleted=True)
            return True

    def delete_strange_match(self, event_id: UUID, person_id: UUID, photo_id: UUID) -> bool:
        """Deletes the match unless its person belongs to a member of the event."""
        query = text(
            "DELETE FROM matcher.matches WHERE event_id = :event AND person_id = :person AND photo_id = :photo"
            " AND NOT EXISTS (SELECT FROM matcher.people o JOIN matcher.memberships m"
            " ON (m.event_id, m.user_id) = (o.event_id, o.user_id)"
            " WHERE o.event_id = :event AND o.person_id = :person)"
        )
        with transaction(self._engine) as connection:
            if lock_event(connection, event_id) is None:
                return False
            values = {"event": event_id, "person": person_id, "photo": photo_id}
            is_deleted = connection.execute(query, values).rowcount > 0
            raise_version(connection, event_id)
            return is_deleted

    def show_match_again(self, event_id: UUID, photo_id: UUID) -> bool:
        with transaction(self._engine) as connection:
            return lock_event(connection, event_id) is not None and show_again(connection, event_id, [photo_id]) > 0

    def count_again(self, event_id: UUID) -> bool:
        query = text(
            "UPDATE matcher.events e SET (pending_count, indexed_count, failed_count, face_count) ="
            f" ({COUNT_PHOTOS}) WHERE e.id = :event"
        )
        with transaction(self._engine) as connection:
            if lock_event(connection, event_id) is None:
                return False
            connection.execute(query, {"event": event_id})
            return True


def _lock(connection: Connection, photo: PhotoFiles) -> bool:
    """Locks the event and the photo; returns whether the photo is unchanged."""
    if lock_event(connection, photo.event_id) is None:
        return False
    query = text(
        "SELECT FROM matcher.photos WHERE event_id = :event AND id = :photo AND attempt = :attempt AND state = :state"
        " AND ARRAY[thumb_key, preview_key] IS NOT DISTINCT FROM CAST(:keys AS text[]) FOR UPDATE"
    )
    values = {"event": photo.event_id, "photo": photo.id, "attempt": photo.attempt, "state": photo.state.value}
    return connection.execute(query, {**values, "keys": list(photo.picture_keys[:2])}).first() is not None


def _forget_faces(connection: Connection, photo: PhotoFiles) -> None:
    mark_unsettled(connection, photo.event_id, is_reset=True)
    forget_rejected(connection, photo.event_id, photo.id)
    for table in ("faces", "matches"):
        query = text(f"DELETE FROM matcher.{table} WHERE event_id = :event AND photo_id = :photo")
        connection.execute(query, {"event": photo.event_id, "photo": photo.id})


def _photo(row: Row[Any]) -> PhotoFiles:
    has_parts = row.original_parts is not None and row.original_key is None
    return PhotoFiles(
        id=row.id,
        event_id=row.event_id,
        state=PhotoState(row.state),
        reason=row.reason,
        attempt=row.attempt,
        upload=UploadFile(row.upload_key, bytes(row.sha256), row.size_bytes),
        new_version=UploadFile(row.new_key, bytes(row.new_sha256), row.new_bytes) if row.new_key else None,
        picture_keys=(
            row.thumb_key,
            row.preview_key,
            *((row.medium_key,) if row.medium_key else ()),
            *(() if has_parts else (row.original_key,)),
        ),
        original_end=max((part[1] for part in row.original_parts or () if isinstance(part, list)), default=0),
        problems=tuple(Problem(name) for name in row.problems),
    )
