"""Pages of faces, read by binary COPY straight into arrays, without a Python object per face."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import Connection, Engine, text

from kit.db.engine import copy_out, transaction
from matcher_service.faces import FIRST_FACE, EventVersion, FaceKey, FacePage
from matcher_service.store.encodings import SAME_SIZE, STORED, open_faces

# PostgreSQL's binary COPY format: a header of 19 bytes; for each row the number of its fields, then the length and
# bytes of each field; a trailer of 2 bytes (the PostgreSQL manual, COPY, "Binary Format").
HEADER_BYTES = 19
TRAILER_BYTES = 2


def row_of(**columns: Any) -> np.dtype[np.void]:
    """A row of `COPY ... TO STDOUT (FORMAT binary)`: the number of columns, then the length and bytes of each."""
    fields: list[tuple[str, Any]] = [("fields", ">i2")]
    for name, form in columns.items():
        fields += [(f"{name}_length", ">i4"), (name, form)]
    return np.dtype(fields)


ROW = row_of(version=">i8", photo="V16", no=">i2", encoding=STORED, penalty=">f4")
SELECT_PAGE = f"""
COPY (
    SELECT version, photo_id, face_no, {SAME_SIZE}, penalty
    FROM matcher.faces
    WHERE event_id = %s AND (version, photo_id, face_no) > (%s, %s, %s) AND version <= %s
    ORDER BY version, photo_id, face_no LIMIT %s
) TO STDOUT (FORMAT binary)
"""


SELECT_OF_PHOTOS = f"""
COPY (
    SELECT version, photo_id, face_no, {SAME_SIZE}, penalty
    FROM matcher.faces WHERE event_id = %s AND photo_id = ANY(CAST(%s AS uuid[]))
    ORDER BY version, photo_id, face_no
) TO STDOUT (FORMAT binary)
"""


class FaceStore:
    """The faces of events, in the order in which they were published. Each page is a separate transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find_version(self, event_id: UUID) -> EventVersion | None:
        """None if the event does not exist or is being deleted."""
        query = text("SELECT version, deleted_version FROM matcher.events WHERE id = :event AND NOT gone")
        with transaction(self._engine) as connection:
            row = connection.execute(query, {"event": event_id}).first()
        return EventVersion(row.version, row.deleted_version) if row else None

    def count(self, event_id: UUID, after: FaceKey, upto: int) -> int:
        """How many faces follow `after`, up to a version."""
        query = text(
            "SELECT count(*) FROM matcher.faces WHERE event_id = :event AND version <= :upto"
            " AND (version, photo_id, face_no) > (:version, :photo, :no)"
        )
        values = {"event": event_id, "upto": upto, "version": after.version, "photo": after.photo_id, "no": after.no}
        with transaction(self._engine) as connection:
            count: int = connection.execute(query, values).scalar_one()
            return count

    def read_page(self, event_id: UUID, after: FaceKey, upto: int, limit: int) -> FacePage:
        """At most `limit` faces after a key, published up to a version. Faces up to a committed version never
        change except by deletions, so pages of several transactions are consistent."""
        with transaction(self._engine) as connection:
            return read_faces(connection, event_id, after, upto, limit)


def read_faces(connection: Connection, event_id: UUID, after: FaceKey, upto: int, limit: int | None) -> FacePage:
    values = (str(event_id), after.version, str(after.photo_id), after.no, upto, limit)
    return _parse(connection, event_id, copy_out(connection, SELECT_PAGE, values))


def read_newer(connection: Connection, event_id: UUID, after_version: int, upto: int) -> FacePage:
    """All faces published after a version. Requires the event's lock."""
    return read_faces(connection, event_id, FaceKey(after_version + 1, FIRST_FACE.photo_id, FIRST_FACE.no), upto, None)


def read_of_photos(connection: Connection, event_id: UUID, photo_ids: Sequence[UUID]) -> FacePage:
    """All faces of these photos."""
    values = [str(event_id), [str(photo_id) for photo_id in photo_ids]]
    return _parse(connection, event_id, copy_out(connection, SELECT_OF_PHOTOS, values))


def _parse(connection: Connection, event_id: UUID, copied: "memoryview[int]") -> FacePage:
    rows: Any = np.frombuffer(copied[HEADER_BYTES : len(copied) - TRAILER_BYTES], dtype=ROW)
    last = None
    if len(rows):
        last = FaceKey(int(rows["version"][-1]), UUID(bytes=rows["photo"][-1].tobytes()), int(rows["no"][-1]))
    encodings = open_faces(connection, event_id, rows["encoding"])
    return FacePage(rows["photo"], rows["no"], encodings, rows["penalty"], last)
