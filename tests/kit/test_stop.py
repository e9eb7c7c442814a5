"""A process ends on a signal, whichever of its threads receives it and whatever its main thread is doing."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
# The signal is delivered to a thread other than the waiting one.
OTHER_THREAD = """
other = threading.Thread(target=time.sleep, args=[60], daemon=True)
other.start()
threading.Timer(0.5, signal.pthread_kill, [other.ident, signal.SIGTERM]).start()
stop.wait()
"""
# The main thread is interrupted where `wait` holds the lock of the event.
LOCK_HELD = """
with stop._cond:
    signal.raise_signal(signal.SIGTERM)
stop.wait()
"""
# The controls: stops as they would be written without thinking of the main thread.
PLAIN_EVENT = "threading.Event()"
SET_BY_HANDLER = "Stop()"


def ends(program: str, stop: str, patience_s: float) -> bool:
    """Whether a process ends with status 0 on a signal."""
    handler = "" if stop == "stop_on_signals()" else "signal.signal(signal.SIGTERM, lambda *_: stop.set())"
    imports = "import signal, threading, time\nfrom kit.worker import Stop, stop_on_signals\n"
    command = [sys.executable, "-c", f"{imports}stop = {stop}\n{handler}\n{program}"]
    with subprocess.Popen(command, cwd=ROOT) as process:
        try:
            return process.wait(patience_s) == 0
        except subprocess.TimeoutExpired:
            return False
        finally:
            process.kill()


def test_a_signal_delivered_to_another_thread_ends_the_wait() -> None:
    assert ends(OTHER_THREAD, "stop_on_signals()", patience_s=60)


def test_control_a_plain_event_keeps_waiting() -> None:
    assert not ends(OTHER_THREAD, PLAIN_EVENT, patience_s=5)


def test_a_signal_while_the_lock_of_the_event_is_held_ends_the_wait() -> None:
    assert ends(LOCK_HELD, "stop_on_signals()", patience_s=60)


def test_control_a_handler_that_sets_the_event_waits_for_the_lock_of_its_own_thread() -> None:
    assert not ends(LOCK_HELD, SET_BY_HANDLER, patience_s=5)
