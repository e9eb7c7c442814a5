"""The command `reencrypt`, for use after adding a master key or upgrading from a version without encryption."""

from collections import Counter
from uuid import UUID

from matcher_service.store.reencryption import COLUMNS, ReencryptionStore

BATCH = 500  # encodings for which an event is locked at a time


def reencrypt(store: ReencryptionStore) -> Counter[str]:
    """Re-encrypts the existing encodings, then those written meanwhile; returns the number by table. Raises Damaged,
    WrongMasterKey."""
    sealed = _reseal_all(store)
    store.begin()
    return sealed + _reseal_all(store)


def _reseal_all(store: ReencryptionStore) -> Counter[str]:
    sealed: Counter[str] = Counter()
    event_id: UUID | None = None
    while event_id := store.find_event(event_id):
        for column in COLUMNS:
            while count := store.reseal(event_id, column, BATCH):
                sealed[column.table] += count
    return sealed
