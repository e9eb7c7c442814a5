"""The sweeper: deletes the blobs of deleted photos, and those that never got a row."""

import time
from datetime import UTC, datetime, timedelta
from itertools import islice

from kit.blobs import Blobs
from kit.logs import get_logger
from matcher_service.store import JobStore

ORPHAN_AGE = timedelta(hours=24)
ORPHAN_SEARCH_S = 3600.0
BATCH = 20  # settled at once: small, so that whoever dies in the middle leaves little to do again
SEARCH_BATCH = 500

log = get_logger()


class Sweeper:
    """Deletions are rows, so a blob store that was away is only late."""

    def __init__(self, store: JobStore, blobs: Blobs) -> None:
        self._store = store
        self._blobs = blobs
        self._searched_at = time.monotonic()

    def step(self) -> bool:
        """Deletes one batch of blobs; False when nothing is left to do."""
        keys = self._store.list_blob_deletions(BATCH)
        for key in keys:
            self._blobs.delete(key)
        if keys:
            self._store.settle_blob_deletions(keys)
            log.info("Deleted files of deleted photos.", action="blobs_deleted", count=len(keys))
        elif time.monotonic() - self._searched_at > ORPHAN_SEARCH_S:
            self._searched_at = time.monotonic()
            self.delete_orphans()
        return bool(keys)

    def delete_orphans(self) -> int:
        """Deletes the blobs without a row that are older than a day: an upload that died between blob and row."""
        oldest = datetime.now(UTC) - ORPHAN_AGE
        candidates = (key for key, written_at in self._blobs.list() if written_at < oldest)
        count = 0
        while keys := list(islice(candidates, SEARCH_BATCH)):
            for key in self._store.find_orphans(keys):
                self._blobs.delete(key)
                count += 1
        return count
