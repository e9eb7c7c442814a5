"""SQL of refusals: photos that a person says they are not in.

Every face of such a photo is refused, so that no later selfie of the person matches it. The face that had matched is
rejected: faces that resemble it do not match the person either (docs/matching.md).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, text

from kit.db.engine import transaction
from matcher_service.faces import FoundPerson, SeenFace
from matcher_service.store.encodings import open_face, open_person
from matcher_service.store.events import find_event, lock_event, may_look
from matcher_service.store.hints import hint
from matcher_service.store.jobs import INSERT_MATCH
from matcher_service.store.marks import mark_unsettled
from matcher_service.store.rejections import read_rejected

FindPerson = Callable[[bytes, Sequence[SeenFace], Sequence[bytes]], Sequence[FoundPerson]]
# The person rejects the face that matched them.
REFUSE = """
INSERT INTO matcher.refusals (event_id, person_id, photo_id, face_no, rejected)
SELECT f.event_id, :person, f.photo_id, f.face_no, coalesce(f.face_no = (
    SELECT m.face_no FROM matcher.matches m
    WHERE m.event_id = :event AND m.person_id = :person AND m.photo_id = :photo), false)
FROM matcher.faces f WHERE f.event_id = :event AND f.photo_id = :photo ON CONFLICT DO NOTHING
"""


class RefusalStore:
    """Refuses and restores matches."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find_event(self, photo_id: UUID) -> UUID | None:
        with transaction(self._engine) as connection:
            return find_event(connection, photo_id)

    def refuse(self, event_id: UUID, user_id: UUID, photo_id: UUID, person_id: UUID | None = None) -> bool:
        """Returns False if the person is not the user's, or neither matches the photo nor has refused it."""
        values = _name(event_id, user_id, photo_id, person_id)
        with transaction(self._engine, "match-refuse") as connection:
            if not self._may_decide(connection, values):
                return False
            for statement in (
                REFUSE,
                "DELETE FROM matcher.matches WHERE event_id = :event AND person_id = :person AND photo_id = :photo",
            ):
                connection.execute(text(statement), values)
            mark_unsettled(connection, event_id, is_reset=True)
            hint(connection, event_id, [user_id])
            return True

    def restore(
        self, event_id: UUID, user_id: UUID, photo_id: UUID, find_person: FindPerson, person_id: UUID | None = None
    ) -> bool:
        """Withdraws a refusal and compares the photo with the person again by `find_person`, which receives the faces
        that they still reject. Returns False in the same cases as `refuse`."""
        values = _name(event_id, user_id, photo_id, person_id)
        with transaction(self._engine, "match-restore") as connection:
            if not self._may_decide(connection, values):
                return False
            refused = connection.execute(
                text(
                    "DELETE FROM matcher.refusals WHERE event_id = :event AND person_id = :person AND photo_id = :photo"
                ),
                values,
            )
            if refused.rowcount:
                match_again(connection, event_id, values["person"], photo_id, find_person)
                mark_unsettled(connection, event_id, is_reset=True)
                hint(connection, event_id, [user_id])
            return True

    def _may_decide(self, connection: Connection, values: Mapping[str, Any]) -> bool:
        """Locks the event until the commit, so that no publish misses the decision."""
        if lock_event(connection, values["event"]) is None:
            return False
        if not may_look(connection, values["event"], values["user"]) or not _is_own(connection, values):
            return False
        known = text(
            "SELECT FROM matcher.matches"
            " WHERE event_id = :event AND person_id = :person AND photo_id = :photo AND shown"
            " UNION ALL"
            " SELECT FROM matcher.refusals WHERE event_id = :event AND person_id = :person AND photo_id = :photo"
            " LIMIT 1"
        )
        return connection.execute(known, values).first() is not None


def match_again(
    connection: Connection, event_id: UUID, person_id: UUID, photo_id: UUID, find_person: FindPerson
) -> None:
    """Compares the person, who has no match in the photo, with its faces. Requires the event's lock."""
    values = {"event": event_id, "person": person_id, "photo": photo_id}
    looked_for = text("SELECT encodings FROM matcher.people WHERE event_id = :event AND person_id = :person")
    stored = connection.execute(looked_for, values).scalar()
    if stored is None:
        return
    query = text(
        "SELECT face_no, encoding, penalty FROM matcher.faces WHERE event_id = :event AND photo_id = :photo"
        " ORDER BY face_no"
    )
    faces = connection.execute(query, values).all()
    seen = [SeenFace(open_face(connection, event_id, bytes(row.encoding)), row.penalty) for row in faces]
    rejected = read_rejected(connection, event_id, person_id).get(person_id, [])
    for found in find_person(open_person(connection, person_id, bytes(stored)), seen, rejected):
        no = faces[found.no].face_no  # not `found.no`: some faces may have been forgotten
        connection.execute(INSERT_MATCH, {**values, "no": no, "distance": found.distance})


def _name(event_id: UUID, user_id: UUID, photo_id: UUID, person_id: UUID | None) -> dict[str, UUID]:
    """The first person has the account's id."""
    return {"event": event_id, "user": user_id, "person": person_id or user_id, "photo": photo_id}


def _is_own(connection: Connection, values: Mapping[str, Any]) -> bool:
    query = text("SELECT FROM matcher.people WHERE event_id = :event AND person_id = :person AND user_id = :user")
    return values["person"] == values["user"] or connection.execute(query, values).first() is not None
