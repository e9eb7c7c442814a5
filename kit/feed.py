"""Following a change feed: from a stored cursor on, each change applied once, in order."""

import time
from collections.abc import Callable, Sequence
from threading import Event
from typing import Generic, Protocol, TypeVar

from kit.errors import Unavailable
from kit.logs import get_logger

log = get_logger()

POLL_S = 15.0
BACKOFF_S = 0.5


class Sequenced(Protocol):
    """A change with its place in the feed."""

    @property
    def sequence(self) -> int: ...


AnyChange = TypeVar("AnyChange", bound=Sequenced)


class Follower(Generic[AnyChange]):
    """`fetch(after, wait_s)` answers the changes after a place; `apply` moves the stored cursor in the transaction that
    applies the change and does nothing for one that was applied before, so any number of followers may run."""

    def __init__(
        self,
        fetch: Callable[[int, float], Sequence[AnyChange]],
        cursor: Callable[[], int],
        apply: Callable[[AnyChange], None],
    ) -> None:
        self._fetch = fetch
        self._cursor = cursor
        self._apply = apply

    def catch_up(self) -> None:
        """Applies all that has happened until now. Raises Unavailable when the feed cannot be reached."""
        while self._follow(wait_s=0):
            pass

    def run(self, stop: Event) -> None:
        """Follows until `stop`, whatever goes away in between."""
        while not stop.is_set():
            started = time.monotonic()
            try:
                self._follow(POLL_S)
                continue
            except Unavailable as fault:
                log.warning("The change feed waits.", action="feed_waits", reason=fault.reason)
            except Exception:
                if stop.is_set():
                    return  # the channel was closed under its call
                log.exception("The change feed failed and will be tried again.", action="feed_failed")
            stop.wait(max(0.0, BACKOFF_S - (time.monotonic() - started)))

    def _follow(self, wait_s: float) -> int:
        changes = self._fetch(self._cursor(), wait_s)
        for change in changes:
            self._apply(change)
        return len(changes)
