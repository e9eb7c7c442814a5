"""The change feed: reads and long polls."""

import math
import time
from collections.abc import Sequence
from threading import Event as Signal
from threading import Lock

from auth_service.domain import Change
from auth_service.store import Stores

CHANGE_POLL_S = 0.1


class Changes:
    """Reads the change feed. `stopping` ends long polls early."""

    def __init__(self, stores: Stores, stopping: Signal) -> None:
        self._changes = stores.changes
        self._stopping = stopping
        self._lock = Lock()
        self._last, self._asked_at = 0, -math.inf
        self._readers: dict[str, int] = {}

    def list_newest(self) -> Sequence[Change]:
        """Returns the newest change, or an empty list before the first."""
        return self._changes.list_newest()

    def find_last(self) -> int:
        """Returns the number of the newest change; 0 before the first."""
        return self._changes.find_last()

    def find_readers(self) -> dict[str, int]:
        """Returns how far each follower has applied the feed, as reported to this process."""
        with self._lock:
            return dict(self._readers)

    def list_changes(self, after: int, limit: int, wait_s: float, reader: str = "") -> Sequence[Change]:
        """Returns as soon as there is a change, or an empty list after `wait_s` or when the process stops. `reader` is
        the name of a follower, which has applied all changes up to `after`."""
        if reader:
            with self._lock:
                self._readers[reader] = max(after, self._readers.get(reader, 0))
        ends_at = time.monotonic() + wait_s
        while not (changes := self._changes.list_changes(after, limit)):
            last = after
            while last <= after:
                now = time.monotonic()
                if now >= ends_at or self._stopping.wait(min(CHANGE_POLL_S, ends_at - now)):
                    return changes
                last = self._find_last(now)
        return changes

    def _find_last(self, now: float) -> int:
        """Returns the number of the newest change, read at most every CHANGE_POLL_S for all waiting calls together."""
        with self._lock:
            if now - self._asked_at >= CHANGE_POLL_S:
                self._last, self._asked_at = self._changes.find_last(), now
            return self._last
