"""The loop of a worker: one step after the other until told to stop."""

import os
import signal
from collections.abc import Callable
from threading import Event, Thread

from kit.errors import Unavailable
from kit.logs import get_logger

log = get_logger()

BACKOFF_S = 1.0


def stop_on_signals() -> Event:
    """An event that SIGTERM and SIGINT set; the main thread must call it."""
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def lower_priority(by: int) -> None:
    """Gives way to more urgent processes of this machine."""
    os.nice(by)


def run_steps(step: Callable[[], bool], wait: Callable[[], object], stop: Event, name: str) -> None:
    """Calls `step` until `stop`; waits when it found nothing to do, and a while when something is away or broken.

    A step keeps nothing in memory that the next one needs, so a failed one is simply tried again.
    """
    while not stop.is_set():
        try:
            busy = step()
        except Unavailable as fault:
            log.warning("Waiting for what is away.", action="worker_waits", worker=name, reason=fault.reason)
            stop.wait(BACKOFF_S)
        except Exception:
            log.exception("A step failed and will be tried again.", action="worker_step_failed", worker=name)
            stop.wait(BACKOFF_S)
        else:
            if not busy:
                wait()


def start_thread(run: Callable[[], None], name: str) -> Thread:
    """A thread that does not keep the process alive."""
    thread = Thread(target=run, name=name, daemon=True)
    thread.start()
    return thread
