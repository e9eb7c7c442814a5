"""The speed at which the photos of an event are read."""

from collections import deque

WINDOW_S = 60.0
MIN_S = 2.0  # a shorter time is too short for an estimate


class Pace:
    """Measures the speed over the last minute in which photos were waiting, since the page was opened."""

    def __init__(self) -> None:
        self._counted: deque[tuple[float, int]] = deque()  # time, and number of photos read by then
        self._last = 0

    def note(self, now: float, read: int, pending: int) -> None:
        """Deleted photos do not count as read ones."""
        if not pending:
            self._counted.clear()
        total = self._counted[-1][1] + max(0, read - self._last) if self._counted else 0
        self._last = read
        self._counted.append((now, total))
        while len(self._counted) > 2 and self._counted[1][0] <= now - WINDOW_S:
            self._counted.popleft()

    def per_minute(self) -> float | None:
        """Photos per minute; None if unknown."""
        (began_at, before), (now, total) = self._counted[0], self._counted[-1]
        return (total - before) * 60 / (now - began_at) if now - began_at >= MIN_S else None
