"""Follows a change feed from a stored cursor; each change is applied once, in order."""

import time
from collections.abc import Callable, Iterator, Sequence
from threading import Event
from typing import Generic, Protocol, TypeVar

from kit.errors import Unavailable
from kit.telemetry.logs import get_logger

log = get_logger()

POLL_S = 15.0
BACKOFF_S = 0.5
MAX_RUN = 50  # changes per transaction


class Sequenced(Protocol):
    """A change with its place in the feed."""

    @property
    def sequence(self) -> int: ...


AnyChange = TypeVar("AnyChange", bound=Sequenced)


class Follower(Generic[AnyChange]):
    """`fetch(after, wait_s)` returns the changes after a place; `apply` moves the stored cursor in the transaction that
    applies the changes and skips those already applied, so any number of followers may run.

    Consecutive changes for which `shares` is true are applied in one transaction, at most 50: the commit takes most of
    the time. They must not lock rows that another transaction locks in a different order.
    """

    def __init__(
        self,
        fetch: Callable[[int, float], Sequence[AnyChange]],
        cursor: Callable[[], int],
        apply: Callable[..., None],
        shares: Callable[[AnyChange], bool] = lambda _: False,
    ) -> None:
        self._fetch = fetch
        self._cursor = cursor
        self._apply = apply
        self._shares = shares

    def catch_up(self) -> None:
        """Applies all changes so far. Raises Unavailable when the feed cannot be reached."""
        while self._follow(wait_s=0):
            pass

    def run(self, stop: Event) -> None:
        """Follows until `stop`, and retries while a dependency is unavailable."""
        while not stop.is_set():
            started = time.monotonic()
            try:
                self._follow(POLL_S)
                continue
            except Unavailable as fault:
                log.warning("The change feed is waiting for a dependency.", action="feed_waits", reason=fault.reason)
            except Exception:
                if stop.is_set():
                    return  # the channel was closed during the call
                log.exception("The change feed failed and will be retried.", action="feed_failed")
            stop.wait(max(0.0, BACKOFF_S - (time.monotonic() - started)))

    def _follow(self, wait_s: float) -> int:
        changes = self._fetch(self._cursor(), wait_s)
        for run in self._find_runs(changes):
            self._apply_run(run)
        return len(changes)

    def _find_runs(self, changes: Sequence[AnyChange]) -> Iterator[list[AnyChange]]:
        run: list[AnyChange] = []
        for change in changes:
            if run and not (len(run) < MAX_RUN and self._shares(run[-1]) and self._shares(change)):
                yield run
                run = []
            run.append(change)
        if run:
            yield run

    def _apply_run(self, run: Sequence[AnyChange]) -> None:
        """Applies the changes in groups, so that a failing one does not block those before it."""
        try:
            self._apply(*run)
        except Exception:
            if len(run) == 1:
                raise
            for change in run:
                self._apply(change)
