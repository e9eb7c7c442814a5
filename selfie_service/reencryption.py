"""`reencrypt`: run after adding a master key, and once after an upgrade from a version that did not encrypt."""

import functools
from collections import Counter
from contextlib import suppress
from uuid import UUID

from kit.storage.blobs import BlobNotFound
from selfie_service.domain import StoredImage
from selfie_service.images import Images
from selfie_service.store.reencryption import ReencryptionStore


def reencrypt(store: ReencryptionStore, images: Images) -> Counter[str]:
    """Reseals all encodings and selfies, in a second pass also those written during the first one, and returns the
    counts. Raises Damaged, WrongMasterKey."""
    sealed = _reseal_all(store, images)
    store.begin()
    return sealed + _reseal_all(store, images)


def _reseal_all(store: ReencryptionStore, images: Images) -> Counter[str]:
    sealed: Counter[str] = Counter()
    person_id: UUID | None = None
    while person_id := store.find_person(person_id):
        sealed["encodings"] += store.reseal(person_id)
        for key in store.list_files(person_id):
            with suppress(BlobNotFound):  # deleted concurrently
                sealed["selfies"] += _reseal_file(store, images, person_id, key)
    return sealed


def _reseal_file(store: ReencryptionStore, images: Images, person_id: UUID, key: str) -> bool:
    """Writes a new file, because files are never modified."""
    if images.is_current(person_id, key):
        return False
    image = images.read(person_id, StoredImage(key))
    return store.replace_file(person_id, key, functools.partial(images.write, person_id, image, seals=True))
