"""Recently ended sessions, for the services that verify access tokens."""

import math
import time
from threading import Event as Signal
from threading import Lock

from auth_service.domain import Ended
from auth_service.store import Stores

POLL_S = 0.1
MAX_LISTED = 1000


class SessionEndings:
    """Reads the list of ended sessions. `stopping` ends long polls early."""

    def __init__(self, stores: Stores, stopping: Signal) -> None:
        self._endings = stores.endings
        self._stopping = stopping
        self._lock = Lock()
        self._last, self._asked_at = 0, -math.inf

    def list_after(self, after: int, wait_s: float) -> tuple[list[Ended], int]:
        """Returns the sessions that ended after a position, as soon as there are any, and the next position; an empty
        list after `wait_s`. Returns at once if the position is ahead of the list, as after a restore of the
        database."""
        ends_at = time.monotonic() + wait_s
        ended, place = self._endings.list_after(after, MAX_LISTED)
        while place == after:
            now = time.monotonic()
            if now >= ends_at or self._stopping.wait(min(POLL_S, ends_at - now)):
                break
            if self._find_last(now) != after:
                ended, place = self._endings.list_after(after, MAX_LISTED)
        return ended, place

    def _find_last(self, now: float) -> int:
        """Returns the number of the newest ended session, read at most every POLL_S for all waiting calls together."""
        with self._lock:
            if now - self._asked_at >= POLL_S:
                self._last, self._asked_at = self._endings.find_last(), now
            return self._last
