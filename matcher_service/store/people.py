"""SQL of the people that members of an event search for."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import Engine, text

from kit.db.engine import transaction
from matcher_service.store.encodings import open_person
from matcher_service.store.events import lock_event


class PeopleStore:
    """People, with the encodings of their selfies."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def read_faces(self, event_id: UUID) -> list[tuple[UUID, bytes]]:
        """The account and one encoding of each person, in the order of the accounts."""
        query = text(
            """
            SELECT o.user_id, o.person_id, o.encodings FROM matcher.people o
            JOIN matcher.memberships m ON (m.event_id, m.user_id) = (o.event_id, o.user_id)
            WHERE o.event_id = :event AND o.encodings IS NOT NULL ORDER BY o.user_id, o.person_id
            """
        )
        with transaction(self._engine) as connection:
            rows = connection.execute(query, {"event": event_id})
            return [(row.user_id, open_person(connection, row.person_id, bytes(row.encodings))) for row in rows]

    def list_two_faces(self, event_id: UUID, least: int) -> list[tuple[UUID, int]]:
        """Accounts with a selfie that was near two faces in at least `least` photos, and in how many, most first."""
        query = text(
            """
            SELECT o.user_id, max(o.two_faces) AS photos FROM matcher.people o
            JOIN matcher.memberships m ON (m.event_id, m.user_id) = (o.event_id, o.user_id)
            WHERE o.event_id = :event AND o.two_faces >= :least
            GROUP BY o.user_id ORDER BY photos DESC, o.user_id
            """
        )
        with transaction(self._engine) as connection:
            rows = connection.execute(query, {"event": event_id, "least": least})
            return [(row.user_id, row.photos) for row in rows]

    def note_two_faces(self, event_id: UUID, photos: Mapping[UUID, int], least: int) -> int:
        """Stores the largest number of photos of each person, which survives the deletion of the selfie. Returns how
        many people reached `least`."""
        before = text(
            "SELECT person_id, two_faces FROM matcher.people WHERE event_id = :event AND person_id = ANY(:people)"
        )
        raise_to = text("UPDATE matcher.people SET two_faces = :count WHERE event_id = :event AND person_id = :person")
        with transaction(self._engine, "two-faces") as connection:
            if lock_event(connection, event_id) is None:
                return 0
            known = connection.execute(before, {"event": event_id, "people": list(photos)})
            more = [(row.person_id, row.two_faces) for row in known if row.two_faces < photos[row.person_id]]
            for person_id, _ in more:
                values = {"event": event_id, "person": person_id, "count": photos[person_id]}
                connection.execute(raise_to, values)
            return sum(had < least <= photos[person_id] for person_id, had in more)
