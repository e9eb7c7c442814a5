"""Removes people who never joined from photos, starting from one of their faces that an organiser selects."""

from collections.abc import Sequence
from uuid import UUID

from matcher_service.domain import Action, PhotoNotFound
from matcher_service.domain.removals import MAX_FACES, ChosenFace, Removal, SimilarFace
from matcher_service.faces import FoundPerson, SeenFace
from matcher_service.index import FaceIndex
from matcher_service.matching import find_people
from matcher_service.service import Members
from matcher_service.store import RemovalStore


class Removals:
    """Finds faces of an event that are as near to one of its faces as a direct match, and forgets them."""

    def __init__(self, store: RemovalStore, members: Members, index: FaceIndex, tolerance: float) -> None:
        self._store = store
        self._members = members
        self._index = index
        self._tolerance = tolerance

    def find_similar(self, user_id: UUID, photo_id: UUID, no: int) -> tuple[UUID, list[SimilarFace], int]:
        """Returns the event; the nearest face of each photo, this face first, at most MAX_FACES; and the total number.
        Raises PhotoNotFound."""
        event_id = self._members.require_organiser_of(self._store.find_event(photo_id), user_id)
        encoding = self._store.read_face(event_id, photo_id, no)
        faces = self._index.use(event_id)
        if encoding is None or faces is None:
            raise PhotoNotFound
        others = [one for one in faces.find(encoding, self._tolerance) if one.photo_id != photo_id]
        others.sort(key=lambda one: (one.distance, one.photo_id))
        found = [(photo_id, no), *((one.photo_id, one.no) for one in others)]
        return event_id, self._store.describe(event_id, found[:MAX_FACES]), len(found)

    def remove(self, user_id: UUID, event_id: UUID, chosen: Sequence[ChosenFace], removal: Removal) -> int:
        """Returns how many faces were forgotten. Raises EventNotFound, FaceChanged, OrganiserOnly."""
        self._members.require_to(Action.ADMINISTER, event_id, user_id)
        return self._store.remove(event_id, list(dict.fromkeys(chosen)), removal, self._find_person)

    def _find_person(self, person: bytes, faces: Sequence[SeenFace], rejected: Sequence[bytes]) -> list[FoundPerson]:
        return find_people([person], faces, self._tolerance, {0: rejected})
