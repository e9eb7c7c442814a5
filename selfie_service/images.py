"""The bytes of selfies: every file of them is written and read here, encrypted for the person whom it shows."""

from collections.abc import Callable
from contextlib import suppress
from uuid import UUID

from kit.errors import Unavailable
from kit.storage.blobs import BlobNotFound, Blobs
from kit.vault import MAGIC, OVERHEAD_BYTES, Damaged, Vault, is_sealed
from selfie_service.domain import StoredImage


class Images:
    """Files of selfies. `is_sealing`: whether new ones are encrypted yet (kit.db.sealing)."""

    def __init__(self, blobs: Blobs, vault: Vault, is_sealing: Callable[[], bool]) -> None:
        self._blobs = blobs
        self._vault = vault
        self._is_sealing = is_sealing
        self._seals = False

    def write(self, person_id: UUID, image: bytes, *, seals: bool = False) -> str:
        """The key of a new file, durable when it returns; no row names it yet. `seals`: whatever others do."""
        key = self._blobs.new_key()
        self._seals = seals or self._seals or self._is_sealing()
        self._blobs.put(key, self._vault.of_person(person_id).seal(image) if self._seals else image)
        return key

    def read(self, person_id: UUID, image: StoredImage) -> bytes:
        """Raises BlobNotFound, also for a file that is damaged; WrongMasterKey."""
        if image.data is not None:
            return image.data
        assert image.key is not None
        try:
            return self._vault.of_person(person_id).open(self._blobs.get(image.key))
        except Damaged:
            raise BlobNotFound from None

    def is_current(self, person_id: UUID, key: str) -> bool:
        """Whether a file is encrypted with the first master key. Raises BlobNotFound."""
        return self._vault.of_person(person_id).is_current(self._blobs.get(key))

    def discard(self, key: str) -> None:
        """A file that never gets a row; what cannot be deleted now, the sweeper finds."""
        with suppress(Unavailable):
            self._blobs.delete(key)

    def measure(self, person_id: UUID, image: StoredImage) -> int:
        """The size of what `read` answers, in bytes. Raises BlobNotFound."""
        if image.data is not None:
            return len(image.data)
        assert image.key is not None
        beginning, _ = self._blobs.read_ends(image.key, len(MAGIC))
        return self._blobs.size(image.key) - (OVERHEAD_BYTES if is_sealed(beginning) else 0)
