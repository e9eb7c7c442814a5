"""Workers: one job after the other until a stop signal."""

import signal
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
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
    """An event set by signals. Python handles signals only in the main thread, and does not wake it when the system
    interrupts another thread: an endless wait therefore wakes up now and then."""

    def wait(self, timeout: float | None = None) -> bool:
        if timeout is not None:
            return super().wait(timeout)
        while not super().wait(LOOK_UP_S):
            pass
        return True


def stop_on_signals() -> Stop:
    """What SIGTERM and SIGINT set; the main thread must call it."""
    stop = Stop()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


class Worker(ABC, Generic[Job]):
    """Claims one job after the other, in one thread; `release` gives up the claim from any other.

    `prepare` loads what working needs, so that no claim pays for it.
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
        """Ends with the job settled or given back."""

    @abstractmethod
    def give_back(self, job: Job) -> None:
        """Ends the claim, so that anyone may have the job at once."""

    def step(self) -> bool:
        """Whether there was something to do."""
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
        """When the process stops."""
        if job := self._job:
            with suppress(Unavailable):  # then the lease ends it
                self.give_back(job)


def run_steps(step: Callable[[], bool], wait: Callable[[], object], stop: Event, name: str) -> None:
    """Calls `step` until `stop`; waits when it found nothing to do, and a while when something is away or broken.

    A step keeps nothing in memory that the next one needs, so a failed one is simply tried again.
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
            log.exception("A step failed and will be tried again.", action="worker_step_failed", worker=name)
            stop.wait(BACKOFF_S)
        else:
            if not busy:
                wait()


def run_every(step: Callable[[], bool], pause_s: float, stop: Event, name: str) -> Thread:
    """A thread that calls `step` until `stop`, and pauses when it found nothing to do."""
    return start_thread(lambda: run_steps(step, lambda: stop.wait(pause_s), stop, name), name)


def start_thread(run: Callable[[], None], name: str) -> Thread:
    """A thread that does not keep the process alive."""
    thread = Thread(target=run, name=name, daemon=True)
    thread.start()
    return thread
