"""A process ends on a signal, whichever of its threads the kernel delivers it to."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROGRAM = """
import signal, threading, time
from kit.worker import {event}
stop = {event}()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
other = threading.Thread(target=time.sleep, args=[60], daemon=True)
other.start()
threading.Timer(0.5, signal.pthread_kill, [other.ident, signal.SIGTERM]).start()
stop.wait()
"""


def ends(event: str, patience_s: float) -> bool:
    """Whether a process ends on a signal that is delivered to a thread other than the waiting one."""
    command = [sys.executable, "-c", PROGRAM.format(event=event)]
    with subprocess.Popen(command, cwd=ROOT) as process:
        try:
            return process.wait(patience_s) == 0
        except subprocess.TimeoutExpired:
            return False
        finally:
            process.kill()


def test_a_signal_delivered_to_another_thread_ends_the_wait() -> None:
    assert ends("Stop", patience_s=60)


def test_control_a_plain_event_keeps_waiting() -> None:
    assert not ends("Event", patience_s=5)
