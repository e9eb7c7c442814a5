"""Two lanes of selfies: a quick one, which decides most of them at once, and a slow one for the others."""

import time
from threading import Event

from kit.faces.validation import Examination
from kit.sandbox.process import Sandbox

IDLE_S = 60.0
SLOW_NICE = 10  # in addition to the quick lane's, which has priority if there are few processors
MAX_NICE = 19


class SlowRest:
    """Waits in the slow lane until the quick one has deferred a selfie, or for `interval_s`. The child process of the
    slow lane starts with the first deferred selfie, and ends after IDLE_S without another one."""

    def __init__(self, engine: Sandbox[Examination], interval_s: float) -> None:
        self._engine = engine
        self._interval_s = interval_s
        self._deferred = Event()
        self._busy_at = time.monotonic()

    def wake(self) -> None:
        """Announces a deferred selfie."""
        self._deferred.set()

    def wait(self) -> None:
        if self._deferred.wait(self._interval_s):
            self._deferred.clear()
            self._busy_at = time.monotonic()
        elif time.monotonic() - self._busy_at > IDLE_S:
            self._engine.close()
