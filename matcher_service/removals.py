"""Removes people who never joined from photos, starting from one of their faces that an organiser selects, or from a
photo of the person that an organiser supplies."""

from collections.abc import Callable, Sequence
from uuid import UUID

from kit.faces.images.formats import sniff
from kit.faces.validation import Examination
from matcher_service.domain import Action, EmptyImage, EventNotFound, PhotoNotFound, UnsupportedType
from matcher_service.domain.removals import (
    MAX_FACES,
    MAX_SEARCH_BYTES,
    ChosenFace,
    NoFace,
    Removal,
    SearchPhotoTooLarge,
    SeveralFaces,
    SimilarFace,
    UnclearFace,
    UnreadablePhoto,
)
from matcher_service.faces import FoundPerson, SeenFace
from matcher_service.index import EventFaces, FaceIndex
from matcher_service.matching import find_people
from matcher_service.service import Members
from matcher_service.store import RemovalStore

Examine = Callable[[bytes], Examination | None]

FAULTS = {
    "no_face": NoFace,
    "several_faces": SeveralFaces,
    "face_too_small": UnclearFace,
    "too_dark": UnclearFace,
    "too_bright": UnclearFace,
    "blurred": UnclearFace,
    "face_cut_off": UnclearFace,
}


class Removals:
    """Finds faces of an event that are as near to a face as a direct match, and forgets them. `examine` reads a
    supplied photo in a separate process, and returns None if the photo made that die."""

    def __init__(
        self, store: RemovalStore, members: Members, index: FaceIndex, tolerance: float, examine: Examine
    ) -> None:
        self._store = store
        self._members = members
        self._index = index
        self._tolerance = tolerance
        self._examine = examine

    def find_similar(self, user_id: UUID, photo_id: UUID, no: int) -> tuple[UUID, list[SimilarFace], int]:
        """Returns the event; the nearest face of each photo, this face first, at most MAX_FACES; and the total number.
        Raises PhotoNotFound."""
        event_id = self._members.require_organiser_of(self._store.find_event(photo_id), user_id)
        encoding = self._store.read_face(event_id, photo_id, no)
        faces = self._index.use(event_id)
        if encoding is None or faces is None:
            raise PhotoNotFound
        others = [place for place in self._find_near(faces, encoding) if place[0] != photo_id]
        found = [(photo_id, no), *others]
        return event_id, self._store.describe(event_id, found[:MAX_FACES]), len(found)

    def search(self, user_id: UUID, event_id: UUID, image: bytes) -> tuple[list[SimilarFace], int]:
        """The face of each photo that is nearest to the only face of the image, nearest first, at most MAX_FACES; and
        how many there are in total. Neither the image nor its encoding outlives the call. Raises EventNotFound,
        OrganiserOnly, ServiceUnavailable, and a fault for an image that cannot be searched for."""
        self._members.require_to(Action.ADMINISTER, event_id, user_id)
        encoding = self._read_face(image)
        self._store.record_search(event_id)
        faces = self._index.use(event_id)
        if faces is None:
            raise EventNotFound
        found = self._find_near(faces, encoding)
        return self._store.describe(event_id, found[:MAX_FACES]), len(found)

    def remove(self, user_id: UUID, event_id: UUID, chosen: Sequence[ChosenFace], removal: Removal) -> int:
        """Returns how many faces were forgotten. Raises EventNotFound, FaceChanged, OrganiserOnly."""
        self._members.require_to(Action.ADMINISTER, event_id, user_id)
        return self._store.remove(event_id, list(dict.fromkeys(chosen)), removal, self._find_person)

    def _read_face(self, image: bytes) -> bytes:
        if not image:
            raise EmptyImage
        if len(image) > MAX_SEARCH_BYTES:
            raise SearchPhotoTooLarge
        if sniff(image) is None:
            raise UnsupportedType
        examination = self._examine(image)
        if examination is None:
            raise UnreadablePhoto
        if examination.encoding is None:
            raise FAULTS.get(examination.reason or "", UnreadablePhoto)
        return examination.encoding

    def _find_near(self, faces: EventFaces, encoding: bytes) -> list[tuple[UUID, int]]:
        """Photos and numbers of faces, the nearest one of each photo, nearest first."""
        found = sorted(faces.find(encoding, self._tolerance), key=lambda one: (one.distance, one.photo_id))
        return [(one.photo_id, one.no) for one in found]

    def _find_person(self, person: bytes, faces: Sequence[SeenFace], rejected: Sequence[bytes]) -> list[FoundPerson]:
        return find_people([person], faces, self._tolerance, {0: rejected})
