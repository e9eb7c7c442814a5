"""Keeps one process running: logs its output, restarts it when it exits, and stops all its children with it."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from deploy.local.log import SystemLog

TETHER = Path(__file__).with_name("tether.py")
FIRST_BACKOFF_S = 0.2
STEADY_S = 10.0
DYING_WORDS_S = 1.0


class Supervised:
    """One process in a process group of its own, so that Ctrl-C reaches only its supervisor.

    `stop_signal` stops it, also when this process is killed; `user` is the account to run as, if not the current one.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        log: SystemLog,
        stop_signal: signal.Signals = signal.SIGTERM,
        user: str = "",
        max_backoff_s: float = 5.0,
    ) -> None:
        self.name = name
        tether = [sys.executable, "-I", "-S", str(TETHER), str(int(stop_signal)), user or "-"]
        self._command = [*tether, *command]
        self.environment = dict(environment)  # for the next start
        self._log = log
        self._stop_signal = stop_signal
        self._max_backoff_s = max_backoff_s
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._child: subprocess.Popen[str] | None = None
        self._thread: threading.Thread | None = None
        self._lines: deque[str] = deque(maxlen=30)
        self.deaths = 0

    @property
    def pid(self) -> int | None:
        """The process id while it is running."""
        child = self._child
        return child.pid if child is not None and child.poll() is None else None

    @property
    def last_lines(self) -> list[str]:
        return list(self._lines)

    def start(self) -> None:
        """Starts the process; does nothing if it is already started."""
        if self._thread is None:
            self._stopping.clear()
            self._spawn()
            self._thread = threading.Thread(target=self._supervise, name=f"supervise {self.name}", daemon=True)
            self._thread.start()

    def ask_to_stop(self) -> None:
        """Asks the process to stop; it is not restarted."""
        with self._lock:
            self._stopping.set()
            self.send(self._stop_signal)

    def stop(self, grace_s: float) -> None:
        """Stops the process, with SIGKILL after the grace period."""
        self.ask_to_stop()
        if self._thread is None:
            return
        self._thread.join(grace_s)
        if self._thread.is_alive():
            self._log.announce(self.name, f"Still running after {grace_s:.0f} s; killing it.")
            self.send(signal.SIGUSR1)  # makes it log the stack of every thread
            self._thread.join(DYING_WORDS_S)
            self.send(signal.SIGKILL)
            self._thread.join()
        self._thread = None

    def send(self, number: signal.Signals) -> None:
        """Sends a signal to the process if it is running."""
        if self._child is not None:
            self._child.send_signal(number)

    def _spawn(self) -> subprocess.Popen[str] | None:
        with self._lock:
            if self._stopping.is_set():
                return None
            self._child = subprocess.Popen(
                self._command,
                env=self.environment,
                stdin=subprocess.PIPE,  # the lifeline of tether.py
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                process_group=0,
            )
            return self._child

    def _supervise(self) -> None:
        backoff_s = FIRST_BACKOFF_S
        child = self._child
        while child is not None:
            started = time.monotonic()
            self._follow(child)
            if self._stopping.is_set():
                return
            self.deaths += 1
            if time.monotonic() - started > STEADY_S:
                backoff_s = FIRST_BACKOFF_S
            self._log.announce(self.name, f"Exited with {_reason(child.returncode)}; restarting in {backoff_s:.1f} s.")
            self._stopping.wait(backoff_s)
            backoff_s = min(backoff_s * 2, self._max_backoff_s)
            child = self._spawn()

    def _follow(self, child: subprocess.Popen[str]) -> None:
        """Logs its output until it exits, then kills what is left of its process group."""
        with child:
            reader = threading.Thread(target=self._read, args=[child], name=f"read {self.name}", daemon=True)
            reader.start()
            child.wait()
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(child.pid, signal.SIGKILL)
            reader.join(DYING_WORDS_S)

    def _read(self, child: subprocess.Popen[str]) -> None:
        assert child.stdout is not None
        with suppress(ValueError, OSError):
            for line in child.stdout:
                self._lines.append(line.rstrip())
                self._log.write(self.name, line.rstrip())


def _reason(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
