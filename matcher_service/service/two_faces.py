"""Reports people whose selfie is near two faces of one photo: it may be an average of two people's faces."""

from collections.abc import Mapping
from uuid import UUID

from prometheus_client import Counter

from matcher_service.store import PeopleStore

two_faces = Counter("matcher_two_faces_total", "People whose selfie was near two faces in enough photos to be reported")


class TwoFaces:
    """Reports people whose selfie is near two faces in at least `least` photos."""

    def __init__(self, store: PeopleStore, least: int) -> None:
        self._store = store
        self._least = least

    def note(self, event_id: UUID, photos: Mapping[UUID, int]) -> None:
        """Stores in how many photos each person's selfie is near two faces."""
        if photos:
            two_faces.inc(self._store.note_two_faces(event_id, photos, self._least))

    def list(self, event_id: UUID) -> list[tuple[UUID, int]]:
        """Accounts and their numbers of photos, the largest first."""
        return self._store.list_two_faces(event_id, self._least)
