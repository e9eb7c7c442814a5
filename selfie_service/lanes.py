"""Two lanes of selfies: most are decided at first sight, and what takes longer holds up nobody there."""

import time
from threading import Event

from kit.sandbox.process import Sandbox
from selfie_service.validation import Examination

IDLE_S = 60.0
SLOW_NICE = 10  # beyond the quick lane's: where there are few processors, that one comes first
MAX_NICE = 19


class SlowRest:
    """How the slow lane waits: until the quick one has deferred a selfie, or for `interval_s`. Its child, which starts
    with the first selfie that takes longer, ends when there was none for IDLE_S."""

    def __init__(self, engine: Sandbox[Examination], interval_s: float) -> None:
        self._engine = engine
        self._interval_s = interval_s
        self._deferred = Event()
        self._busy_at = time.monotonic()

    def wake(self) -> None:
        """Another selfie is here."""
        self._deferred.set()

    def wait(self) -> None:
        if self._deferred.wait(self._interval_s):
            self._deferred.clear()
            self._busy_at = time.monotonic()
        elif time.monotonic() - self._busy_at > IDLE_S:
            self._engine.close()
