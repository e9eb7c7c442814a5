"""SQL of the faces that members of an event look for."""

from uuid import UUID

from sqlalchemy import Engine, text

from kit.db import transaction
from matcher_service.store.encodings import open_person


class PeopleStore:
    """People, as the selfies of members show them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def read_faces(self, event_id: UUID) -> list[tuple[UUID, bytes]]:
        """Of each person the account and one encoding, in the order of the accounts."""
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
