"""Recent processing time of selfies per account and event: those that used more are served later."""

import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

HALF_LIFE_S = 60.0
FORGOTTEN_S = 0.02
MAX_LISTED = 1000


@dataclass(frozen=True)
class Spent:
    """Seconds of reading and examination, for accounts and events that had any recently."""

    accounts: Mapping[UUID, float] = field(default_factory=dict)
    events: Mapping[UUID, float] = field(default_factory=dict)


class Spending:
    """Counts in the memory of one worker, for all of its threads. The counts only order the queue, and halve every
    minute."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._counted_at = clock()
        self._accounts: dict[UUID, float] = {}
        self._events: dict[UUID, float] = {}
        self._lock = threading.Lock()

    @contextmanager
    def measure(self, account_id: UUID, event_ids: Iterable[UUID]) -> Iterator[None]:
        """Charges the duration of the block, even if it fails."""
        began_at = self._clock()
        try:
            yield
        finally:
            self.charge(account_id, event_ids, self._clock() - began_at)

    def charge(self, account_id: UUID, event_ids: Iterable[UUID], seconds: float) -> None:
        with self._lock:
            self._forget()
            self._accounts[account_id] = self._accounts.get(account_id, 0.0) + seconds
            for event_id in event_ids:
                self._events[event_id] = self._events.get(event_id, 0.0) + seconds

    def read(self) -> Spent:
        """Returns the recent spending; of many accounts or events, only those with the most."""
        with self._lock:
            self._forget()
            return Spent(_largest(self._accounts), _largest(self._events))

    def _forget(self) -> None:
        now = self._clock()
        left = math.exp2((self._counted_at - now) / HALF_LIFE_S)
        self._counted_at = now
        self._accounts = _fade(self._accounts, left)
        self._events = _fade(self._events, left)


def _fade(spent: Mapping[UUID, float], left: float) -> dict[UUID, float]:
    return {key: seconds * left for key, seconds in spent.items() if seconds * left >= FORGOTTEN_S}


def _largest(spent: Mapping[UUID, float]) -> dict[UUID, float]:
    if len(spent) <= MAX_LISTED:
        return dict(spent)
    return dict(sorted(spent.items(), key=lambda item: item[1], reverse=True)[:MAX_LISTED])
