"""The files of selfies, which are written and read only here, encrypted for the person whom they show."""

from collections.abc import Callable
from contextlib import suppress
from uuid import UUID

from kit.errors import Unavailable
from kit.storage.blobs import BlobNotFound, Blobs
from kit.vault import MAGIC, OVERHEAD_BYTES, Damaged, Vault, is_sealed
from selfie_service.domain import StoredImage


class Images:
    """Writes and reads files of selfies. `is_sealing`: whether new ones are encrypted yet (kit.db.sealing)."""

    def __init__(self, blobs: Blobs, vault: Vault, is_sealing: Callable[[], bool]) -> None:
        self._blobs = blobs
        self._vault = vault
        self._is_sealing = is_sealing
        self._seals = False

    def write(self, person_id: UUID, image: bytes, *, seals: bool = False) -> str:
        """Returns the key of a new, durable file that no row refers to yet. `seals`: encrypt it in any case."""
        key = self._blobs.new_key()
        self._seals = seals or self._seals or self._is_sealing()
        self._blobs.put(key, self._vault.of_person(person_id).seal(image) if self._seals else image)
        return key

    def read(self, person_id: UUID, image: StoredImage) -> bytes:
        """Raises BlobNotFound, also for a damaged file; WrongMasterKey."""
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
        """Deletes a file that gets no row; if that fails now, the sweeper deletes it later."""
        with suppress(Unavailable):
            self._blobs.delete(key)

    def measure(self, person_id: UUID, image: StoredImage) -> int:
        """Returns the size of what `read` returns, in bytes. Raises BlobNotFound."""
        if image.data is not None:
            return len(image.data)
        assert image.key is not None
        beginning, _ = self._blobs.read_ends(image.key, len(MAGIC))
        return self._blobs.size(image.key) - (OVERHEAD_BYTES if is_sealed(beginning) else 0)
