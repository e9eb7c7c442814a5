"""Revoked sessions whose access tokens have not expired yet."""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from threading import Event, Lock
from uuid import UUID

from kit.errors import Unavailable
from kit.telemetry.logs import get_logger

KEPT_S = 20 * 60.0  # longer than an access token is valid
MAX_KEPT = 50_000  # ids; beyond them the oldest are dropped
WAIT_S = 15.0
BACKOFF_S = 0.5

log = get_logger()


class EndedSessions:
    """Ids of ended sessions and erased users, in memory. Thread-safe."""

    def __init__(self, most: int = MAX_KEPT, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._until: OrderedDict[UUID, float] = OrderedDict()
        self._lock = Lock()

    def add(self, ids: Iterable[UUID]) -> None:
        with self._lock:
            now = self._clock()
            for ended in ids:
                self._until[ended] = now + KEPT_S
                self._until.move_to_end(ended)
            while self._until and (len(self._until) > self._most or next(iter(self._until.values())) <= now):
                self._until.popitem(last=False)

    def covers(self, *ids: UUID | None) -> bool:
        """Whether one of them has ended."""
        return any(one in self._until for one in ids if one is not None)

    def __len__(self) -> int:
        return len(self._until)


@dataclass(frozen=True)
class Endings:
    """The ids that ended after a place in the feed, and the next place."""

    ids: tuple[UUID, ...]
    place: int


def follow_endings(fetch: Callable[[int, float], Endings], ended: EndedSessions, stop: Event) -> None:
    """Follows the feed until `stop`. `fetch(after, wait_s)` returns as soon as there is something after a place; after
    0, all that ended within KEPT_S. While it fails, tokens of newly ended sessions stay valid until they expire."""
    place, is_away = 0, False
    while not stop.is_set():
        try:
            endings = fetch(place, WAIT_S)
            ended.add(endings.ids)
            place, is_away = endings.place, False
        except Exception as fault:
            if stop.is_set():
                return  # the channel was closed during the call
            if not isinstance(fault, Unavailable):
                log.exception("Reading ended sessions failed and will be retried.", action="endings_failed")
            elif not is_away:
                log.warning(
                    "The list of ended sessions is waiting for auth_service.",
                    action="endings_wait",
                    reason=fault.reason,
                )
            is_away = True
            stop.wait(BACKOFF_S)
