"""Counters of rate limits in memory, which cost the same however many there are.

After a hit, the storage in memory of `limits` (5.8) looks through all of its counters, each of them in a thread, which
took most of the gateway's processor time when requests came from many addresses.
"""

import time
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable

from limits import RateLimitItem

Counters = OrderedDict[tuple[str, ...], deque[float]]
SWEPT = 2  # outdated counters that a hit removes, so that they go faster than they come


class MovingWindows:
    """Counts hits in moving windows. Counters without a hit in their window are removed."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        # By rate, the counter that was hit least recently first; the times of the hits, the oldest first.
        self._counters: defaultdict[RateLimitItem, Counters] = defaultdict(OrderedDict)

    def hit(self, item: RateLimitItem, name: tuple[str, ...], cost: int = 1) -> float | None:
        """Counts a hit, unless the limit would be exceeded: then returns the seconds until the oldest one no longer
        counts, and counts nothing. A `cost` above the limit is never counted."""
        now, window_s = self._clock(), item.get_expiry()
        counters = self._counters[item]
        self._sweep(counters, now - window_s)
        times = counters.get(name, deque())
        while times and times[0] < now - window_s:
            times.popleft()
        if len(times) + cost > item.amount:
            return times[0] + window_s - now if times else float(window_s)
        times.extend([now] * cost)
        counters[name] = times
        counters.move_to_end(name)
        return None

    def __len__(self) -> int:
        return sum(len(counters) for counters in self._counters.values())

    def _sweep(self, counters: Counters, began_at: float) -> None:
        for _ in range(min(SWEPT, len(counters))):
            times = next(iter(counters.values()))
            if times and times[-1] >= began_at:
                return
            counters.popitem(last=False)
