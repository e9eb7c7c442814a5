"""SQL of the removal of people who are not guests: an organiser selects their faces, which are then forgotten.

Only the box of a forgotten face is kept, so that no later reading of the photo stores it again.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, text

from kit.db.engine import transaction
from matcher_service.domain import EventNotFound, FaceChanged, Recorded, Visibility
from matcher_service.domain.removals import ChosenFace, Removal, SimilarFace
from matcher_service.store.acts import note_act
from matcher_service.store.audience import change_visibility, settle_requests
from matcher_service.store.encodings import open_face
from matcher_service.store.events import count_photos, find_event, lock_event, raise_version
from matcher_service.store.forgotten import drop_forgotten
from matcher_service.store.hints import hint_people_in
from matcher_service.store.marks import mark_unsettled
from matcher_service.store.refusals import FindPerson, match_again

CHOSEN = """unnest(CAST(:photos AS uuid[]), CAST(:nos AS integer[]), CAST(:lefts AS integer[]),
    CAST(:tops AS integer[]), CAST(:widths AS integer[]), CAST(:heights AS integer[]))
    AS c (photo_id, face_no, "left", top, width, height)"""
IS_CHOSEN = """(f.photo_id, f.face_no, f."left", f.top, f.width, f.height)
    = (c.photo_id, c.face_no, c."left", c.top, c.width, c.height)"""
# Counts faces that exist, and those already forgotten, for example by an earlier attempt of the same request.
COUNT_CHOSEN = f"""
SELECT count(*) FROM {CHOSEN} WHERE EXISTS (SELECT FROM matcher.faces f WHERE f.event_id = :event AND {IS_CHOSEN})
    OR EXISTS (SELECT FROM matcher.forgotten_faces f WHERE f.event_id = :event
        AND (f.photo_id, f."left", f.top, f.width, f.height) = (c.photo_id, c."left", c.top, c.width, c.height))
"""
FORGET = f"""
WITH gone AS (
    DELETE FROM matcher.faces f USING {CHOSEN} WHERE f.event_id = :event AND {IS_CHOSEN}
    RETURNING f.photo_id, f.face_no, f."left", f.top, f.width, f.height),
kept AS (
    INSERT INTO matcher.forgotten_faces (event_id, photo_id, "left", top, width, height, of_width, of_height)
    SELECT :event, p.id, g."left", g.top, g.width, g.height, p.width, p.height
    FROM gone g JOIN matcher.photos p ON p.event_id = :event AND p.id = g.photo_id ON CONFLICT DO NOTHING)
SELECT photo_id, face_no FROM gone
"""
GONE = "unnest(CAST(:photos AS uuid[]), CAST(:nos AS integer[])) AS g (photo_id, face_no)"
UNMATCH = f"""
DELETE FROM matcher.matches m USING {GONE}
WHERE m.event_id = :event AND m.photo_id = g.photo_id AND coalesce(m.face_no, g.face_no) = g.face_no
RETURNING m.person_id, m.photo_id
"""
SETTLE = (
    f"UPDATE matcher.refusals r SET rejected = false FROM {GONE} WHERE r.event_id = :event AND r.rejected"
    " AND (r.photo_id, r.face_no) = (g.photo_id, g.face_no)",
    # As new faces, so that a comparison that began earlier includes them.
    "UPDATE matcher.faces SET version = :version WHERE event_id = :event AND photo_id = ANY(:photos)",
    f"""UPDATE matcher.photos p SET replaced_version = :version, face_count = p.face_count - n.count
    FROM (SELECT g.photo_id, count(*) AS count FROM {GONE} GROUP BY g.photo_id) n
    WHERE p.event_id = :event AND p.id = n.photo_id""",
)
READ_AGAIN = """
SELECT f.photo_id, f.face_no, f."left", f.top, f.width, f.height, p.width AS of_width, p.height AS of_height
FROM matcher.reread_faces f JOIN matcher.photos p ON p.event_id = :event AND p.id = f.photo_id
WHERE f.event_id = :event AND f.photo_id = ANY(:photos)
"""
LAID_ASIDE = (
    f"DELETE FROM matcher.reread_faces f USING {GONE}"
    " WHERE f.event_id = :event AND (f.photo_id, f.face_no) = (g.photo_id, g.face_no)",
    f"""UPDATE matcher.reread_photos r SET face_count = r.face_count - n.count
    FROM (SELECT g.photo_id, count(*) AS count FROM {GONE} GROUP BY g.photo_id) n
    WHERE r.event_id = :event AND r.photo_id = n.photo_id""",
)
SIMILAR = """
SELECT f.photo_id, f.face_no, f."left", f.top, f.width, f.height, p.visibility,
    array(SELECT o.person_id FROM matcher.matches t JOIN matcher.people o USING (event_id, person_id)
        WHERE t.event_id = :event AND t.photo_id = f.photo_id AND t.face_no = f.face_no
        ORDER BY o.user_id, o.person_id) AS people,
    array(SELECT o.user_id FROM matcher.matches t JOIN matcher.people o USING (event_id, person_id)
        WHERE t.event_id = :event AND t.photo_id = f.photo_id AND t.face_no = f.face_no
        ORDER BY o.user_id, o.person_id) AS users
FROM unnest(CAST(:photos AS uuid[]), CAST(:nos AS integer[])) WITH ORDINALITY AS g (photo_id, face_no, place)
JOIN matcher.faces f ON f.event_id = :event AND (f.photo_id, f.face_no) = (g.photo_id, g.face_no)
JOIN matcher.photos p ON p.event_id = :event AND p.id = g.photo_id AND p.state = 'indexed' ORDER BY g.place
"""

Numbered = Sequence[tuple[UUID, int]]  # faces: the photo of each, and its number in the photo


class RemovalStore:
    """Finds and forgets the faces of people who ask to be removed."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find_event(self, photo_id: UUID) -> UUID | None:
        with transaction(self._engine) as connection:
            return find_event(connection, photo_id)

    def read_face(self, event_id: UUID, photo_id: UUID, no: int) -> bytes | None:
        """Records the search for this face, then returns its encoding."""
        query = text(
            "SELECT encoding FROM matcher.faces WHERE event_id = :event AND photo_id = :photo AND face_no = :no"
        )
        with transaction(self._engine, "face-search") as connection:
            stored = connection.execute(query, {"event": event_id, "photo": photo_id, "no": no}).scalar()
            if stored is None:
                return None
            note_act(connection, Recorded.FACE_SEARCHED, event_id, photo_id)
            return open_face(connection, event_id, bytes(stored))

    def record_search(self, event_id: UUID) -> None:
        """Records the search for the face of a supplied photo, of which nothing is stored."""
        with transaction(self._engine, "photo-search") as connection:
            note_act(connection, Recorded.FACE_SEARCHED_BY_PHOTO, event_id)

    def describe(self, event_id: UUID, faces: Numbered) -> list[SimilarFace]:
        """The faces that still exist, in the same order."""
        with transaction(self._engine) as connection:
            rows = connection.execute(text(SIMILAR), {"event": event_id, **_columns(faces)}).all()
        return [
            SimilarFace(
                ChosenFace(*row[:6]), Visibility(row.visibility), tuple(zip(row.people, row.users, strict=True))
            )
            for row in rows
        ]

    def remove(self, event_id: UUID, chosen: Sequence[ChosenFace], removal: Removal, find_person: FindPerson) -> int:
        """Forgets all of the faces or none; returns how many. People matched by one of them are compared with the other
        faces of its photo by `find_person`. Raises EventNotFound, FaceChanged."""
        photos = [face.photo_id for face in chosen]
        with transaction(self._engine, "faces-forget") as connection:
            version = lock_event(connection, event_id)
            if version is None:
                raise EventNotFound
            self._require_there(connection, event_id, chosen)
            hint_people_in(connection, event_id, photos)
            gone = self._forget(connection, event_id, chosen)
            if gone:
                self._forget_laid_aside(connection, event_id, sorted({photo for photo, _ in gone}))
                self._settle(connection, event_id, gone, version + 1, find_person)
                self._mark(connection, event_id)
            if removal is Removal.HIDE_PHOTOS:
                settle_requests(connection, event_id, photos)
                change_visibility(connection, event_id, photos, Visibility.HIDDEN)
            if gone or removal is Removal.HIDE_PHOTOS:
                action = Recorded.FACES_HIDDEN if removal is Removal.HIDE_PHOTOS else Recorded.FACES_FORGOTTEN
                note_act(connection, action, event_id, photos[0] if len(chosen) == 1 else None, str(len(chosen)))
            return len(gone)

    def _require_there(self, connection: Connection, event_id: UUID, chosen: Sequence[ChosenFace]) -> None:
        count = connection.execute(text(COUNT_CHOSEN), {"event": event_id, **_boxes(chosen)}).scalar_one()
        if count < len(chosen):
            raise FaceChanged

    def _forget(self, connection: Connection, event_id: UUID, chosen: Sequence[ChosenFace]) -> Numbered:
        rows = connection.execute(text(FORGET), {"event": event_id, **_boxes(chosen)})
        return [(row.photo_id, row.face_no) for row in rows]

    def _forget_laid_aside(self, connection: Connection, event_id: UUID, photos: Sequence[UUID]) -> None:
        """Also deletes staged faces that a newer engine has already found in these places."""
        rows = connection.execute(text(READ_AGAIN), {"event": event_id, "photos": list(photos)}).all()
        gone: list[tuple[UUID, int]] = []
        for row in rows:
            if not drop_forgotten(connection, event_id, row.photo_id, [row], (row.of_width, row.of_height)):
                gone.append((row.photo_id, row.face_no))
        for statement in LAID_ASIDE if gone else ():
            connection.execute(text(statement), {"event": event_id, **_columns(gone)})

    def _settle(
        self, connection: Connection, event_id: UUID, gone: Numbered, version: int, find_person: FindPerson
    ) -> None:
        """Updates matches, rejections and counts as if the faces had never been found."""
        values: dict[str, Any] = {"event": event_id, "version": version, **_columns(gone)}
        unmatched = connection.execute(text(UNMATCH), values).all()
        for statement in SETTLE:
            connection.execute(text(statement), values)
        for row in unmatched:
            match_again(connection, event_id, row.person_id, row.photo_id, find_person)
        count_photos(connection, event_id, faces=-len(gone))

    def _mark(self, connection: Connection, event_id: UUID) -> None:
        mark_unsettled(connection, event_id, is_reset=True)
        raise_version(connection, event_id, deleted=True)


def _columns(faces: Numbered) -> dict[str, Any]:
    return {"photos": [photo for photo, _ in faces], "nos": [no for _, no in faces]}


def _boxes(chosen: Sequence[ChosenFace]) -> dict[str, Any]:
    numbered = _columns([(face.photo_id, face.no) for face in chosen])
    sides = {f"{side}s": [getattr(face, side) for face in chosen] for side in ("left", "top", "width", "height")}
    return {**numbered, **sides}
