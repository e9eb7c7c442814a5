"""The change feed."""

import time
from collections.abc import Sequence
from threading import Event as Signal

from auth_service.domain import Change
from auth_service.store import Stores

CHANGE_POLL_S = 0.1


class Changes:
    """What happened. `stopping` ends waits early."""

    def __init__(self, stores: Stores, stopping: Signal) -> None:
        self._changes = stores.changes
        self._stopping = stopping

    def list_newest(self) -> Sequence[Change]:
        """One, or none where nothing has happened yet."""
        return self._changes.list_newest()

    def list_changes(self, after: int, limit: int, wait_s: float) -> Sequence[Change]:
        """Answers as soon as there is a change, or with none after `wait_s` or when the process stops."""
        ends_at = time.monotonic() + wait_s
        while not (changes := self._changes.list_changes(after, limit)):
            left_s = ends_at - time.monotonic()
            if left_s <= 0 or self._stopping.wait(min(CHANGE_POLL_S, left_s)):
                break
        return changes
