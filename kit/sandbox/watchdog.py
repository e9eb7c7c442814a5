"""Kills a child that takes too long; time spent waiting for a processor is not counted."""

import threading
import time
from pathlib import Path
from subprocess import Popen
from types import TracebackType
from typing import Any, Self

# Longest life of a child that hardly gets a processor, in timeouts: shorter than a claim, which lasts two.
STARVED = 1.5
SHORTEST_S = 0.01


class Watchdog:
    """While its block lasts, kills a process that has worked for `timeout_s`, or got no processor for too long."""

    def __init__(self, child: "Popen[Any]", timeout_s: float) -> None:
        self._child = child
        self._timeout_s = timeout_s
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)
        self.has_struck = False
        self.was_starved = False

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        started, waited_s = time.monotonic(), processor_wait_s(self._child.pid)
        left_s = self._timeout_s
        while not self._over.wait(max(left_s, SHORTEST_S)):
            lived_s = time.monotonic() - started
            worked_s = lived_s - (processor_wait_s(self._child.pid) - waited_s)
            left_s = min(self._timeout_s - worked_s, STARVED * self._timeout_s - lived_s)
            if left_s <= 0:
                self.was_starved = worked_s < self._timeout_s
                self.has_struck = True
                self._child.kill()
                return


def processor_wait_s(pid: int) -> float:
    """How long the main thread of a process was ready and waited for a processor; 0 if the system does not report it.

    The second number of Linux' /proc/PID/schedstat, in nanoseconds.
    """
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0
