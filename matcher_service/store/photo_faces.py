"""SQL of the faces of a photo as organisers see them, and of the person in question."""

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, text

from kit.db.engine import transaction
from matcher_service.domain import PhotoState, Visibility
from matcher_service.domain.photo_faces import AskedPerson, FaceReason, PhotoFaces, StoredFace
from matcher_service.store.acts import ActStore
from matcher_service.store.encodings import open_face, open_person
from matcher_service.store.events import find_event
from matcher_service.store.offers import sees_photos
from matcher_service.store.rejected_faces import read_rejected

FACES = """
SELECT face_no, "left", top, width, height, encoding, size_px, penalty, sure FROM matcher.faces
WHERE event_id = :event AND photo_id = :photo ORDER BY face_no
"""
MATCHES = """
SELECT t.face_no, t.grown, o.person_id, o.user_id FROM matcher.matches t
JOIN matcher.people o ON o.event_id = :event AND o.person_id = t.person_id
WHERE t.event_id = :event AND t.photo_id = :photo ORDER BY o.user_id, o.person_id
"""
# The person may not be searched for; their id is then that of an account, like that of its first person.
PERSON = f"""
SELECT o.encodings, m.user_id IS NOT NULL AS is_member, coalesce({sees_photos("m", "e")}, false) AS sees_photos,
    EXISTS (SELECT FROM matcher.refusals r
        WHERE r.event_id = :event AND r.person_id = :person AND r.photo_id = :photo) AS has_refused,
    EXISTS (SELECT FROM matcher.hide_requests h
        WHERE h.event_id = :event AND h.user_id = m.user_id AND h.photo_id = :photo) AS asked_to_hide
FROM matcher.events e
LEFT JOIN matcher.people o ON o.event_id = :event AND o.person_id = :person
LEFT JOIN matcher.memberships m ON m.event_id = :event AND m.user_id = coalesce(o.user_id, :person)
WHERE e.id = :event
"""
OF_VISIBILITY = {Visibility.HIDDEN: FaceReason.HIDDEN, Visibility.UNAPPROVED: FaceReason.UNAPPROVED}


class PhotoFaceStore:
    """The faces of photos, and the people they match."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find_event(self, photo_id: UUID) -> UUID | None:
        with transaction(self._engine) as connection:
            return find_event(connection, photo_id)

    def note_view(self, event_id: UUID, photo_id: UUID) -> None:
        """Records the view in the audit log."""
        ActStore(self._engine).note_view(event_id, photo_id)

    def read(self, event_id: UUID, photo_id: UUID, person_id: UUID | None) -> PhotoFaces | None:
        """Reads one snapshot; None if the photo does not exist or is not indexed."""
        values = {"event": event_id, "photo": photo_id, "person": person_id}
        query = text(
            "SELECT state, width, preview_key, face_count, visibility FROM matcher.photos"
            " WHERE event_id = :event AND id = :photo"
        )
        with transaction(self._engine) as connection:
            connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
            photo = connection.execute(query, values).first()
            if photo is None or photo.state != PhotoState.INDEXED.value:
                return None
            faces = _read_faces(connection, values)
            small_count = photo.face_count - len(faces)
            person = _read_person(connection, values, Visibility(photo.visibility), faces) if person_id else None
        return PhotoFaces(event_id, photo.width, photo.preview_key, small_count, faces, person)


def _read_faces(connection: Connection, values: dict[str, Any]) -> tuple[StoredFace, ...]:
    matches = connection.execute(text(MATCHES), values).all()
    return tuple(
        StoredFace(
            no=row.face_no,
            left=row.left,
            top=row.top,
            width=row.width,
            height=row.height,
            encoding=open_face(connection, values["event"], bytes(row.encoding)),
            size_px=row.size_px,
            penalty=row.penalty,
            is_sure=row.sure,
            people=tuple((m.person_id, m.user_id) for m in matches if m.face_no == row.face_no),
            grown=frozenset(m.person_id for m in matches if m.face_no == row.face_no and m.grown),
        )
        for row in connection.execute(text(FACES), values)
    )


def _read_person(
    connection: Connection, values: dict[str, Any], visibility: Visibility, faces: tuple[StoredFace, ...]
) -> AskedPerson:
    row = connection.execute(text(PERSON), values).one()
    person_id = values["person"]
    obstacles = {
        FaceReason.NO_MEMBER: not row.is_member,
        FaceReason.NO_SELFIE: row.is_member and row.encodings is None,
        FaceReason.HIDDEN: visibility is Visibility.HIDDEN,
        FaceReason.UNAPPROVED: visibility is Visibility.UNAPPROVED,
        FaceReason.ASKED_TO_HIDE: row.asked_to_hide,
        FaceReason.HELD_BACK: row.is_member and not row.sees_photos,
        FaceReason.REFUSED: row.has_refused and visibility is not Visibility.EVERYONE,
    }
    reasons = tuple(reason for reason, applies in obstacles.items() if applies)
    is_matched = any(person_id == matched for face in faces for matched, _ in face.people)
    sees = visibility is Visibility.EVERYONE or is_matched
    unseen = set(reasons) - {FaceReason.NO_SELFIE} if visibility is Visibility.EVERYONE else set(reasons)
    return AskedPerson(
        person_id=person_id,
        encoding=open_person(connection, person_id, bytes(row.encodings)) if row.encodings is not None else None,
        has_refused=row.has_refused,
        rejected=tuple(read_rejected(connection, values["event"], person_id).get(person_id, [])),
        is_shown=sees and not unseen,
        reasons=reasons,
    )
