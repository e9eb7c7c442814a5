"""What an account is told about itself."""

from dataclasses import replace
from uuid import UUID

from kit.blobs import BlobNotFound, Blobs
from selfie_service.domain.records import PersonRecord, SelfieRecord
from selfie_service.images import measure_image
from selfie_service.store import RecordStore


class Records:
    """The records of an account."""

    def __init__(self, store: RecordStore, blobs: Blobs) -> None:
        self._store = store
        self._blobs = blobs

    def list_records(self, user_id: UUID) -> list[PersonRecord]:
        """The people with their selfies, whose files are measured."""
        people = self._store.list_records(user_id)
        return [replace(person, selfies=tuple(map(self._measure, person.selfies))) for person in people]

    def _measure(self, selfie: SelfieRecord) -> SelfieRecord:
        if selfie.image is None:
            return selfie
        try:
            return replace(selfie, image_bytes=measure_image(self._blobs, selfie.image))
        except BlobNotFound:  # deleted meanwhile
            return selfie
