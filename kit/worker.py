"""Workers: process one job after the other until a stop signal."""

import signal
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from threading import Event, Thread
from typing import Generic, TypeVar

from kit.errors import Unavailable
from kit.failpoints import reach
from kit.telemetry.logs import get_logger

log = get_logger()

BACKOFF_S = 1.0
LOOK_UP_S = 0.25

Job = TypeVar("Job")


class Stop(Event):
    """An event set by signals. Python handles signals only in the main thread, and does not wake it when the kernel
    delivers the signal to another thread: an endless wait therefore wakes up regularly."""

    def wait(self, timeout: float | None = None) -> bool:
        if timeout is not None:
            return super().wait(timeout)
        while not super().wait(LOOK_UP_S):
            pass
        return True


def stop_on_signals() -> Stop:
    """An event that SIGTERM and SIGINT set; must be called in the main thread.

    A handler interrupts the main thread at any point, even where that thread holds the lock of the event, for which the
    handler would wait forever. It therefore only puts into a queue, which is safe there, and a thread sets the event.
    """
    stop, signals = Stop(), SimpleQueue[int]()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _: signals.put(number))

    def set_on_signal() -> None:
        signals.get()
        stop.set()

    start_thread(set_on_signal, "signals")
    return stop


class Worker(ABC, Generic[Job]):
    """Claims one job after the other, in one thread; `release` gives up the claim and is thread-safe.

    `prepare` loads what jobs need before the first claim.
    """

    def __init__(self, prepare: Callable[[], None], stop: Event) -> None:
        self._prepare = prepare
        self._stop = stop
        self._job: Job | None = None

    @abstractmethod
    def claim(self) -> Job | None:
        """A job that belongs to this worker until its lease ends."""

    @abstractmethod
    def work(self, job: Job) -> None:
        """Processes the job, then settles or releases it."""

    @abstractmethod
    def give_back(self, job: Job) -> None:
        """Ends the claim, so that any worker may claim the job at once."""

    def step(self) -> bool:
        """Processes one job; returns whether there was one."""
        self._prepare()
        job = self.claim()
        if job is None:
            return False
        self._job = job
        reach(type(self).__name__, "claimed")
        try:
            if self._stop.is_set():
                self.give_back(job)
            else:
                self.work(job)
        finally:
            self._job = None
        return True

    def release(self) -> None:
        """Releases the current claim when the process stops."""
        if job := self._job:
            with suppress(Unavailable):  # the lease then expires
                self.give_back(job)


def run_steps(step: Callable[[], bool], wait: Callable[[], object], stop: Event, name: str) -> None:
    """Calls `step` until `stop`; waits when there is nothing to do, and longer after a failure.

    Steps share no state in memory, so a failed one is simply retried.
    """
    while not stop.is_set():
        try:
            busy = step()
        except Unavailable as fault:
            log.warning(
                "Waiting until a dependency is available again.",
                action="worker_waits",
                worker=name,
                reason=fault.reason,
            )
            stop.wait(BACKOFF_S)
        except Exception:
            log.exception("A step failed and will be retried.", action="worker_step_failed", worker=name)
            stop.wait(BACKOFF_S)
        else:
            if not busy:
                wait()


def run_every(step: Callable[[], bool], pause_s: float, stop: Event, name: str) -> Thread:
    """A thread that calls `step` until `stop`, and pauses when there is nothing to do."""
    return start_thread(lambda: run_steps(step, lambda: stop.wait(pause_s), stop, name), name)


def start_thread(run: Callable[[], None], name: str) -> Thread:
    """Starts a daemon thread."""
    thread = Thread(target=run, name=name, daemon=True)
    thread.start()
    return thread
