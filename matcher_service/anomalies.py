"""What organisers should look at: accounts of an event with one face."""

from uuid import UUID

from matcher_service.domain import Action
from matcher_service.service import Members
from matcher_service.shared_faces import find_shared
from matcher_service.store import PeopleStore


class Anomalies:
    """Faces that at least `least` accounts look for. `tolerance`: the largest distance of two encodings of a person."""

    def __init__(self, store: PeopleStore, members: Members, tolerance: float, least: int) -> None:
        self._store = store
        self._members = members
        self._tolerance = tolerance
        self._least = least

    def list_shared_faces(self, user_id: UUID, event_id: UUID) -> list[list[UUID]]:
        """The accounts of each. Raises EventNotFound, OrganiserOnly."""
        self._members.require_to(Action.ADMINISTER, event_id, user_id)
        people = self._store.read_faces(event_id)
        groups = find_shared([encoding for _, encoding in people], self._tolerance, self._least)
        shared = [list(dict.fromkeys(people[place][0] for place in group)) for group in groups]
        return [accounts for accounts in shared if len(accounts) >= self._least]
