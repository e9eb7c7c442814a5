"""SQL of the input of matching: a snapshot of the faces, people, refusals and matches of an event."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import Connection, text

from kit.db.engine import copy_out
from matcher_service.domain import ENCODING_SIZE
from matcher_service.matching import Encodings, to_encodings
from matcher_service.rules import EventFaces, EventPeople
from matcher_service.store.encodings import SAME_SIZE, STORED, open_faces, open_person
from matcher_service.store.faces import HEADER_BYTES, TRAILER_BYTES, row_of

ROW = row_of(photo="V16", no=">i2", encoding=STORED, penalty=">f4", size=">i4", sure="?", trusted="?")
SELECT_FACES = f"""
SELECT f.photo_id, f.face_no, {SAME_SIZE}, f.penalty, f.size_px, f.sure, NOT p.from_guest
FROM {{table}} f JOIN matcher.photos p ON (p.event_id, p.id) = (f.event_id, f.photo_id)
WHERE f.event_id = %s AND p.state = 'indexed'
"""
OF_PHOTOS = "AND f.photo_id = ANY(CAST(%s AS uuid[]))"
NOT_OF_PHOTOS = "AND NOT f.photo_id = ANY(CAST(%s AS uuid[]))"
REJECTED = """AND (f.photo_id, f.face_no) IN (
    SELECT photo_id, face_no FROM matcher.refusals WHERE event_id = %s AND rejected)"""
CURRENT, NEW = "matcher.faces", "matcher.reread_faces"


@dataclass(frozen=True)
class UnsettledEvent:
    """A snapshot of an event. `changes`, `resets`: its counters. `refusals`: the photos that each person refuses, with
    the number of the face that had matched, if known. `matches`: by person and photo, the number of the face, None if
    unknown, and whether growth found it."""

    changes: int
    resets: int
    faces: EventFaces
    people: EventPeople
    refusals: dict[UUID, dict[UUID, int | None]]
    matches: dict[tuple[UUID, UUID], tuple[int | None, bool]]


def select_faces(connection: Connection, event_id: UUID) -> EventFaces:
    """All faces of an event."""
    return _copy_faces(connection, event_id, SELECT_FACES.format(table=CURRENT), [str(event_id)])


def select_new_faces(connection: Connection, event_id: UUID, photo_ids: Sequence[UUID], *, alone: bool) -> EventFaces:
    """The new faces of these photos, with the faces of all other photos; if `alone`, only with those of other photos
    that any person has rejected."""
    photos = [str(photo_id) for photo_id in photo_ids]
    query, values = f"{SELECT_FACES.format(table=NEW)} {OF_PHOTOS}", [str(event_id), photos]
    query += f" UNION ALL {SELECT_FACES.format(table=CURRENT)} {NOT_OF_PHOTOS}"
    values += [str(event_id), photos]
    if alone:
        query += f" {REJECTED}"
        values += [str(event_id)]
    return _copy_faces(connection, event_id, query, values)


def no_faces() -> EventFaces:
    rows = _rows(memoryview(b""))
    return _to_faces(rows, np.empty((0, ENCODING_SIZE), np.float32))


def select_people(connection: Connection, event_id: UUID) -> EventPeople:
    query = text(
        "SELECT person_id, encodings FROM matcher.people WHERE event_id = :event AND encodings IS NOT NULL"
        " ORDER BY person_id"
    )
    rows = connection.execute(query, {"event": event_id}).all()
    encodings = [open_person(connection, row.person_id, bytes(row.encodings)) for row in rows]
    return EventPeople(tuple(row.person_id for row in rows), to_encodings(encodings))


def select_refusals(connection: Connection, event_id: UUID) -> dict[UUID, dict[UUID, int | None]]:
    refusals: dict[UUID, dict[UUID, int | None]] = {}
    query = text(
        "SELECT person_id, photo_id, max(face_no) FILTER (WHERE rejected) AS face_no FROM matcher.refusals"
        " WHERE event_id = :event GROUP BY person_id, photo_id"
    )
    for refusal in connection.execute(query, {"event": event_id}):
        refusals.setdefault(refusal.person_id, {})[refusal.photo_id] = refusal.face_no
    return refusals


def select_matches(
    connection: Connection, event_id: UUID, *, grown_only: bool = False, photos: Collection[UUID] | None = None
) -> dict[tuple[UUID, UUID], tuple[int | None, bool]]:
    """The matches of the event, or only those of these photos."""
    query = text(
        "SELECT person_id, photo_id, face_no, grown FROM matcher.matches WHERE event_id = :event"
        " AND (grown OR NOT :grown_only) AND (CAST(:photos AS uuid[]) IS NULL OR photo_id = ANY(:photos))"
    )
    values = {"event": event_id, "grown_only": grown_only, "photos": None if photos is None else list(photos)}
    return {(row.person_id, row.photo_id): (row.face_no, row.grown) for row in connection.execute(query, values)}


def _copy_faces(connection: Connection, event_id: UUID, query: str, values: Sequence[object]) -> EventFaces:
    rows = _rows(copy_out(connection, f"COPY ({query}) TO STDOUT (FORMAT binary)", values))
    return _to_faces(rows, open_faces(connection, event_id, rows["encoding"]))


def _rows(copied: "memoryview[int]") -> Any:
    return np.frombuffer(copied[HEADER_BYTES : max(len(copied) - TRAILER_BYTES, HEADER_BYTES)], dtype=ROW)


def _to_faces(rows: Any, encodings: Encodings) -> EventFaces:
    return EventFaces(
        photo_ids=np.ascontiguousarray(rows["photo"]),
        nos=rows["no"].astype(np.int16),
        encodings=encodings,
        penalties=rows["penalty"].astype(np.float32),
        sizes=rows["size"].astype(np.int32),
        sure=np.ascontiguousarray(rows["sure"]),
        trusted=np.ascontiguousarray(rows["trusted"]),
    )
