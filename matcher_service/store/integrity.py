"""SQL of the check: every row in pages of its key, and the repairs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, Row, text

from kit.db import transaction
from matcher_service.domain import PhotoState
from matcher_service.findings import FILE_MISSING, PhotoFiles, Problem, RowPage
from matcher_service.store.events import lock_event, raise_version
from matcher_service.store.photos import PHOTOS_CHANNEL

FIRST_ID = UUID(int=0)

SELECT_PHOTOS = """
SELECT id, event_id, state, reason, attempt, sha256, size_bytes, upload_key, thumb_key, preview_key, original_key,
    array_remove(ARRAY[
        CASE WHEN state <> 'indexed' AND (
            EXISTS (SELECT FROM matcher.faces WHERE photo_id = p.id)
            OR EXISTS (SELECT FROM matcher.matches WHERE photo_id = p.id)) THEN 'unread_with_faces' END,
        CASE WHEN EXISTS (SELECT FROM matcher.tombstones WHERE id = p.event_id) THEN 'photo_of_deleted_event' END
    ], NULL) AS problems
FROM matcher.photos p
"""


@dataclass(frozen=True)
class Walk:
    """A table to be walked: its key, the key before its first row, and what is wrong with a row."""

    key: tuple[str, ...]
    start: tuple[UUID | int, ...]
    select: str


# Each reads one page of a table in one statement, and so in one snapshot.
WALKS = {
    "face": Walk(
        ("id",),
        (0,),
        """
        SELECT f.id, f.photo_id, array_remove(ARRAY[
            CASE WHEN f.version > e.version THEN 'face_too_new' END,
            CASE WHEN f.event_id <> p.event_id THEN 'face_astray' END,
            CASE WHEN octet_length(f.encoding) <> 512 THEN 'face_size' END], NULL) AS problems
        FROM (SELECT * FROM matcher.faces WHERE id > :id ORDER BY id LIMIT :limit) f
        JOIN matcher.photos p ON p.id = f.photo_id LEFT JOIN matcher.events e ON e.id = f.event_id ORDER BY f.id
        """,
    ),
    "match": Walk(
        ("user_id", "photo_id"),
        (FIRST_ID, FIRST_ID),
        """
        SELECT m.user_id, m.photo_id, p.event_id, array_remove(ARRAY[
            CASE WHEN me.user_id IS NULL THEN 'match_of_stranger'
                 WHEN g.encoding IS NULL THEN 'match_without_face' END], NULL) AS problems
        FROM (SELECT * FROM matcher.matches WHERE (user_id, photo_id) > (:user_id, :photo_id)
              ORDER BY user_id, photo_id LIMIT :limit) m
        JOIN matcher.photos p ON p.id = m.photo_id
        LEFT JOIN matcher.memberships me ON me.event_id = p.event_id AND me.user_id = m.user_id
        LEFT JOIN matcher.guests g ON g.event_id = p.event_id AND g.user_id = m.user_id ORDER BY m.user_id, m.photo_id
        """,
    ),
    "guest": Walk(
        ("event_id", "user_id"),
        (FIRST_ID, FIRST_ID),
        """
        SELECT event_id, user_id, array_remove(ARRAY[
            CASE WHEN octet_length(encoding) <> 512 THEN 'guest_size' END,
            CASE WHEN encoding IS NOT NULL AND EXISTS (SELECT FROM matcher.tombstones WHERE id = user_id)
                 THEN 'guest_erased' END], NULL) AS problems
        FROM matcher.guests WHERE (event_id, user_id) > (:event_id, :user_id) ORDER BY event_id, user_id LIMIT :limit
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
}


class IntegrityStore:
    """Rows to be checked. Every repair looks under the lock whether it still applies; False: no longer."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def list_photos(self, after: UUID, limit: int) -> list[PhotoFiles]:
        query = text(f"{SELECT_PHOTOS} WHERE id > :after ORDER BY id LIMIT :limit")
        with transaction(self._engine) as connection:
            return [_photo(row) for row in connection.execute(query, {"after": after, "limit": limit})]

    def find_photo(self, photo_id: UUID) -> PhotoFiles | None:
        with transaction(self._engine) as connection:
            row = connection.execute(text(f"{SELECT_PHOTOS} WHERE id = :photo"), {"photo": photo_id}).first()
        return _photo(row) if row else None

    def find_strays(self, keys: Sequence[str]) -> set[str]:
        """Those of the keys that no photo has and whose deletion is not queued."""
        query = text(
            "SELECT unnest(CAST(:keys AS text[])) EXCEPT SELECT key FROM matcher.blob_deletions EXCEPT"
            " SELECT unnest(ARRAY[upload_key, thumb_key, preview_key, original_key]) FROM matcher.photos"
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
        """The photo is pending once more, as if nobody had read it; its pictures go."""
        query = text(
            """
            UPDATE matcher.photos SET state = 'pending', attempt = attempt + 1, failures = 0, lease_until = NULL,
                thumb_key = NULL, preview_key = NULL, original_key = NULL, face_count = 0 WHERE id = :photo
            """
        )
        with transaction(self._engine) as connection:
            if not _lock(connection, photo):
                return False
            keys = [key for key in photo.picture_keys if key]
            queue = "INSERT INTO matcher.blob_deletions (key) SELECT unnest(CAST(:keys AS text[]))"
            connection.execute(text(f"{queue} ON CONFLICT DO NOTHING"), {"keys": keys})
            _forget_faces(connection, photo)
            connection.execute(query, {"photo": photo.id})
            connection.execute(text("SELECT pg_notify(:channel, '')"), {"channel": PHOTOS_CHANNEL})
            raise_version(connection, photo.event_id, deleted=True)
            return True

    def fail_lost(self, photo: PhotoFiles) -> bool:
        """The photo can never be read, and says so."""
        query = text(
            "UPDATE matcher.photos SET state = 'failed', reason = :reason, lease_until = NULL, attempt = attempt + 1"
            " WHERE id = :photo AND attempt = :attempt AND state = 'pending'"
        )
        values = {"photo": photo.id, "attempt": photo.attempt, "reason": FILE_MISSING}
        with transaction(self._engine) as connection:
            return connection.execute(query, values).rowcount > 0

    def forget_faces(self, photo: PhotoFiles) -> bool:
        """The faces and matches of a photo that is not indexed go."""
        with transaction(self._engine) as connection:
            if not _lock(connection, photo):
                return False
            _forget_faces(connection, photo)
            raise_version(connection, photo.event_id, deleted=True)
            return True

    def delete_strange_match(self, user_id: UUID, photo_id: UUID, event_id: UUID) -> bool:
        """The match goes unless its user is a member of the event."""
        query = text(
            "DELETE FROM matcher.matches WHERE user_id = :user AND photo_id = :photo AND NOT EXISTS ("
            " SELECT FROM matcher.memberships WHERE event_id = :event AND user_id = :user)"
        )
        with transaction(self._engine) as connection:
            if lock_event(connection, event_id) is None:
                return False
            values = {"user": user_id, "photo": photo_id, "event": event_id}
            is_deleted = connection.execute(query, values).rowcount > 0
            raise_version(connection, event_id)
            return is_deleted


def _lock(connection: Connection, photo: PhotoFiles) -> bool:
    """Holds the event and the photo; whether the photo is still as it was seen."""
    if lock_event(connection, photo.event_id) is None:
        return False
    query = text(
        "SELECT FROM matcher.photos WHERE id = :photo AND attempt = :attempt AND state = :state"
        " AND ARRAY[thumb_key, preview_key, original_key] IS NOT DISTINCT FROM CAST(:keys AS text[]) FOR UPDATE"
    )
    values = {"photo": photo.id, "attempt": photo.attempt, "state": photo.state.value}
    return connection.execute(query, {**values, "keys": list(photo.picture_keys)}).first() is not None


def _forget_faces(connection: Connection, photo: PhotoFiles) -> None:
    for table in ("faces", "matches"):
        connection.execute(text(f"DELETE FROM matcher.{table} WHERE photo_id = :photo"), {"photo": photo.id})


def _photo(row: Row[Any]) -> PhotoFiles:
    return PhotoFiles(
        id=row.id,
        event_id=row.event_id,
        state=PhotoState(row.state),
        reason=row.reason,
        attempt=row.attempt,
        sha256=bytes(row.sha256),
        size_bytes=row.size_bytes,
        upload_key=row.upload_key,
        picture_keys=(row.thumb_key, row.preview_key, row.original_key),
        problems=tuple(Problem(name) for name in row.problems),
    )
