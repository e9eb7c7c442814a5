"""SQL of rejected faces: the faces that had matched a person in photos that they refuse."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, text

from kit.faces.detect.overlap import SAME_UNION_SHARE, union_share
from kit.faces.types import Box
from matcher_service.store.encodings import open_face


@dataclass(frozen=True)
class MovedRejection:
    """A rejected face in a photo that was read again: its new number, None if the face was not found again."""

    person_id: UUID
    photo_id: UUID
    no: int | None


def read_rejected(connection: Connection, event_id: UUID, person_id: UUID | None = None) -> dict[UUID, list[bytes]]:
    """The encodings of the faces that each person, or only this person, rejected."""
    query = text(
        """
        SELECT r.person_id, f.encoding FROM matcher.refusals r
        JOIN matcher.faces f ON f.event_id = :event AND (f.photo_id, f.face_no) = (r.photo_id, r.face_no)
        WHERE r.event_id = :event AND r.rejected AND (r.person_id = :person OR CAST(:person AS uuid) IS NULL)
        """
    )
    rejected: dict[UUID, list[bytes]] = {}
    for row in connection.execute(query, {"event": event_id, "person": person_id}):
        rejected.setdefault(row.person_id, []).append(open_face(connection, event_id, bytes(row.encoding)))
    return rejected


def forget_rejected(connection: Connection, event_id: UUID, photo_id: UUID) -> None:
    """Keeps the photo refused, but clears its rejected faces, which are being replaced."""
    query = "UPDATE matcher.refusals SET rejected = false WHERE event_id = :event AND photo_id = :photo AND rejected"
    connection.execute(text(query), {"event": event_id, "photo": photo_id})


def find_moved(connection: Connection, event_id: UUID, photo_ids: Sequence[UUID]) -> tuple[MovedRejection, ...]:
    """Finds the rejected faces of these photos among the new faces, by their position in the photo."""
    query = text(
        """
        SELECT r.person_id, r.photo_id, f."left", f.top, f.width, f.height, n.face_no,
            n."left" AS new_left, n.top AS new_top, n.width AS new_width, n.height AS new_height
        FROM matcher.refusals r
        JOIN matcher.faces f ON f.event_id = :event AND (f.photo_id, f.face_no) = (r.photo_id, r.face_no)
        LEFT JOIN matcher.reread_faces n ON n.event_id = :event AND n.photo_id = r.photo_id
        WHERE r.event_id = :event AND r.rejected AND r.photo_id = ANY(:photos)
        ORDER BY r.person_id, r.photo_id, n.face_no
        """
    )
    found: dict[tuple[UUID, UUID], tuple[float, int | None]] = {}
    for row in connection.execute(query, {"event": event_id, "photos": list(photo_ids)}):
        pair = row.person_id, row.photo_id
        share = 0.0 if row.face_no is None else _find_share(row)
        best = found.setdefault(pair, (0.0, None))
        if share > SAME_UNION_SHARE and share > best[0]:
            found[pair] = share, row.face_no
    return tuple(MovedRejection(*pair, no) for pair, (_, no) in found.items())


def move_rejected(connection: Connection, event_id: UUID, moved: Sequence[MovedRejection]) -> None:
    """Marks the new faces as rejected; the photo stays refused even if the face was not found again."""
    insert = text(
        "INSERT INTO matcher.refusals (event_id, person_id, photo_id, face_no, rejected)"
        " VALUES (:event, :person, :photo, :no, true)"
        " ON CONFLICT (event_id, person_id, photo_id, face_no) DO UPDATE SET rejected = true"
    )
    for photo_id in {one.photo_id for one in moved}:
        forget_rejected(connection, event_id, photo_id)
    for one in moved:
        if one.no is not None:
            values = {"event": event_id, "person": one.person_id, "photo": one.photo_id, "no": one.no}
            connection.execute(insert, values)


def _find_share(row: Row[Any]) -> float:
    """The overlap of the boxes of an old and a new face."""
    old = Box(row.left, row.top, row.width, row.height)
    return union_share(old, Box(row.new_left, row.new_top, row.new_width, row.new_height))
