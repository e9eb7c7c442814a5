"""Anomalies that organisers should review: several accounts with one face, and selfies near two faces of a photo."""

from uuid import UUID

from matcher_service.domain import Action
from matcher_service.service import Members, TwoFaces
from matcher_service.shared_faces import find_shared
from matcher_service.store import PeopleStore


class Anomalies:
    """Reports faces that at least `least` accounts share. `tolerance`: largest distance of a person's encodings."""

    def __init__(self, store: PeopleStore, members: Members, tolerance: float, least: int, two_faces: TwoFaces) -> None:
        self._store = store
        self._members = members
        self._tolerance = tolerance
        self._least = least
        self._two_faces = two_faces

    def list_shared_faces(self, user_id: UUID, event_id: UUID) -> list[list[UUID]]:
        """The accounts that share each face. Raises EventNotFound, OrganiserOnly."""
        self._members.require_to(Action.ADMINISTER, event_id, user_id)
        people = self._store.read_faces(event_id)
        groups = find_shared([encoding for _, encoding in people], self._tolerance, self._least)
        shared = [list(dict.fromkeys(people[place][0] for place in group)) for group in groups]
        return [accounts for accounts in shared if len(accounts) >= self._least]

    def list_two_faces(self, user_id: UUID, event_id: UUID) -> list[tuple[UUID, int]]:
        """Accounts whose selfie was near two faces of a photo, and in how many photos. Raises EventNotFound,
        OrganiserOnly."""
        self._members.require_to(Action.ADMINISTER, event_id, user_id)
        return self._two_faces.list(event_id)
