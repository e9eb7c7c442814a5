"""The personal data export of an account."""

from dataclasses import replace
from uuid import UUID

from kit.storage.blobs import BlobNotFound
from selfie_service.domain.records import PersonRecord, SelfieRecord
from selfie_service.images import Images
from selfie_service.store import RecordStore


class Records:
    """Reads the records of an account."""

    def __init__(self, store: RecordStore, images: Images) -> None:
        self._store = store
        self._images = images

    def list_records(self, user_id: UUID) -> list[PersonRecord]:
        """Returns the people with their selfies and the sizes of their files."""
        people = self._store.list_records(user_id)
        return [
            replace(person, selfies=tuple(self._measure(person.id, selfie) for selfie in person.selfies))
            for person in people
        ]

    def _measure(self, person_id: UUID, selfie: SelfieRecord) -> SelfieRecord:
        if selfie.image is None:
            return selfie
        try:
            return replace(selfie, image_bytes=self._images.measure(person_id, selfie.image))
        except BlobNotFound:  # deleted concurrently
            return selfie
