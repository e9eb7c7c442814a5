"""The sweeper: deletes the files of deleted rows, and files that never got a row."""

import time
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Protocol

from kit.storage.blobs import Blobs
from kit.telemetry.logs import get_logger

ORPHAN_AGE = timedelta(hours=24)
ORPHAN_SEARCH_S = 3600.0
BATCH = 20  # per batch; small, so that a crash leaves little to repeat
SEARCH_BATCH = 500

log = get_logger()


class SweepStore(Protocol):
    """The rows of a service about files: the queue of deletions, and which keys have a row."""

    def list_blob_deletions(self, limit: int) -> list[str]:
        """The oldest keys whose deletion is queued."""

    def settle_blob_deletions(self, keys: Sequence[str]) -> None:
        """Removes deletions from the queue once the files are deleted."""

    def find_orphans(self, keys: Sequence[str]) -> Collection[str]:
        """Returns the keys that no row names and whose deletion is not queued."""


class Sweeper:
    """Deletions are queued in rows, so an unavailable file store only delays them."""

    def __init__(self, store: SweepStore, blobs: Blobs) -> None:
        self._store = store
        self._blobs = blobs
        self._searched_at = time.monotonic()

    def step(self) -> bool:
        """Deletes one batch of files; returns False when nothing is left to do."""
        keys = self._store.list_blob_deletions(BATCH)
        for key in keys:
            self._blobs.delete(key)
        if keys:
            self._store.settle_blob_deletions(keys)
            log.info("Deleted files.", action="blobs_deleted", count=len(keys))
        elif time.monotonic() - self._searched_at > ORPHAN_SEARCH_S:
            self._searched_at = time.monotonic()
            self.delete_orphans()
        return bool(keys)

    def delete_orphans(self) -> int:
        """Deletes files without a row that are older than a day, left by uploads that died before writing the row."""
        oldest = datetime.now(UTC) - ORPHAN_AGE
        candidates = (key for key, written_at in self._blobs.list() if written_at < oldest)
        count = 0
        while keys := list(islice(candidates, SEARCH_BATCH)):
            for key in self._store.find_orphans(keys):
                self._blobs.delete(key)
                count += 1
        if count:
            log.info("Deleted files without a row.", action="orphans_deleted", count=count)
        return count
