"""Runs commands as `python -m` does, but imports the services once and forks: an import takes more than a second.

This is equivalent, as the services read their settings only when they run (tests/unit/test_environment_reads.py), and
importing them starts no thread.
"""

import gc
import importlib
import json
import os
import runpy
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

SERVICES = ("auth_service", "selfie_service", "matcher_service", "gateway")
TIMEOUT_S = 60


class Forks:
    """A process that has imported the services. `folder`: for the output of the commands."""

    def __init__(self, server: "subprocess.Popen[str]", folder: Path) -> None:
        self._server, self._output = server, folder / "output"

    def run(self, command: Sequence[str], environment: Mapping[str, str]) -> tuple[int, str]:
        """Runs a module with its arguments; returns its exit code, negative for a signal, and its output."""
        assert self._server.stdin
        assert self._server.stdout
        print(json.dumps([command, environment, str(self._output)]), file=self._server.stdin, flush=True)
        return int(self._server.stdout.readline()), self._output.read_text()


@contextmanager
def run_forks(folder: Path) -> Iterator[Forks]:
    command = [sys.executable, "-m", __name__]
    one_thread = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    with subprocess.Popen(command, env=one_thread, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        yield Forks(server, folder)
        server.communicate()


def serve() -> None:
    for name in SERVICES:
        importlib.import_module(f"{name}.__main__")
        del sys.modules[f"{name}.__main__"]  # runpy runs it again
    assert len(os.listdir("/proc/self/task")) == 1, "a fork would lack threads"
    gc.freeze()  # a child would spend half a second on looking at these objects when it exits
    for line in sys.stdin:
        command, environment, output = json.loads(line)
        child = os.fork()
        if child == 0:
            _run(command, environment, output)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def _run(command: list[str], environment: dict[str, str], output: str) -> None:
    """Raises what the command raises, SystemExit at its end."""
    signal.alarm(TIMEOUT_S)
    for stream, path, flags in ((0, os.devnull, os.O_RDONLY), (1, output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)):
        os.dup2(os.open(path, flags), stream)
    os.dup2(1, 2)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = command
    runpy.run_module(command[0], run_name="__main__", alter_sys=True)
    sys.exit()


if __name__ == "__main__":
    serve()
