"""A child process that crashes, hangs, exceeds its memory or loses its parent."""

import ctypes
import functools
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kit.sandbox import watchdog
from kit.sandbox.process import (
    Sandbox,
    SandboxDied,
    SandboxNotStarted,
    SandboxStarved,
    SandboxTimedOut,
)

ROOT = Path(__file__).parents[2]


def build_obeyer(prefix: str = "") -> Callable[[bytes], str]:
    """An entry whose function obeys the bytes."""
    return functools.partial(obey, prefix)


def obey(prefix: str, data: bytes) -> str:
    match data[:8]:
        case b"segfault":
            ctypes.string_at(0)
        case b"abort   ":
            os.abort()
        case b"raise   ":
            raise ValueError("no verdict")
        case b"hang    ":
            # PyDLL holds the GIL, as a hanging decoder would.
            ctypes.PyDLL(None).sleep(60)
        case b"grow    ":
            return str(len(bytearray(2 << 30)))
        case b"print   ":
            os.write(1, b"noise" * 1000)
            print("noise")
        case b"modules ":
            return " ".join(name for name in ("grpc", "sqlalchemy", "pytest_cov", "secret") if name in sys.modules)
        case b"environ ":
            return " ".join(sorted(os.environ))
        case b"signals ":
            os.kill(os.getpid(), signal.SIGTERM)
            os.kill(os.getpid(), signal.SIGINT)
        case b"pid     ":
            return str(os.getpid())
    return prefix + str(len(data))


def build_nothing() -> Callable[[bytes], str]:
    raise FileNotFoundError("a model")


def test_only_the_child_has_a_lower_priority() -> None:
    polite, before = Sandbox(build_obeyer, str, timeout_s=20, memory_mb=1024, nice=3), os.nice(0)
    child = int(polite.call(b"pid     "))
    assert os.getpriority(os.PRIO_PROCESS, child) == min(before + 3, 19)
    polite.close()
    assert os.nice(0) == before


@pytest.fixture(scope="module")
def process() -> Iterator[Sandbox[str]]:
    process = Sandbox(functools.partial(build_obeyer, prefix="n="), str, timeout_s=20, memory_mb=1024)
    yield process
    process.close()


def test_calls_return_answers_and_accept_large_images(process: Sandbox[str]) -> None:
    assert process.call(b"") == "n=0"
    assert process.call(bytes(30 << 20)) == f"n={30 << 20}"


@pytest.mark.parametrize("order", [b"segfault", b"abort   ", b"raise   ", b"grow    "])
def test_a_crashed_child_is_reported_and_replaced(process: Sandbox[str], order: bytes) -> None:
    with pytest.raises(SandboxDied):
        process.call(order)
    assert process.call(b"abc") == "n=3"


def test_a_child_hanging_in_a_c_function_is_killed_and_replaced() -> None:
    hanging = Sandbox(build_obeyer, str, timeout_s=0.3, memory_mb=1024)
    hanging.start()
    began = time.monotonic()
    with pytest.raises(SandboxTimedOut):
        hanging.call(b"hang    ")
    assert time.monotonic() - began < 5
    assert hanging.call(b"abc") == "3"
    hanging.close()


@pytest.mark.parametrize(
    ("waits_per_s", "fault"), [(0.9, SandboxStarved), (0.3, SandboxTimedOut), (0, SandboxTimedOut)]
)
def test_a_starved_child_is_not_reported_as_timed_out(
    monkeypatch: pytest.MonkeyPatch, waits_per_s: float, fault: type[Exception]
) -> None:
    hanging = Sandbox(build_obeyer, str, timeout_s=0.3, memory_mb=1024)
    hanging.start()
    monkeypatch.setattr(watchdog, "processor_wait_s", lambda _: waits_per_s * time.monotonic())
    with pytest.raises(fault):
        hanging.call(b"hang    ")
    hanging.close()


def test_the_waiting_time_for_a_processor_is_measured() -> None:
    program = "import os\nos.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\nwhile True: pass"
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command) as first, subprocess.Popen(command) as second:
        try:
            wait_until(lambda: watchdog.processor_wait_s(first.pid) + watchdog.processor_wait_s(second.pid) > 0.2)
        finally:
            first.kill()
            second.kill()
    assert watchdog.processor_wait_s(first.pid) == 0


def test_an_interrupted_call_leaves_no_answer_for_the_next_image(process: Sandbox[str]) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    process.start()
    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        with pytest.raises(KeyboardInterrupt):
            process.call(b"hang    ")
    finally:
        signal.signal(signal.SIGALRM, before)
    assert process.call(b"abc") == "n=3"


def test_output_of_the_child_does_not_reach_the_answers(process: Sandbox[str]) -> None:
    assert process.call(b"print   ") == "n=8"


def test_the_child_imports_no_server_and_inherits_no_secrets(
    process: Sandbox[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://secret")
    process.close()
    assert process.call(b"modules ") == ""
    assert "DATABASE_URL" not in process.call(b"environ ").split()


def test_the_child_ignores_termination_signals(process: Sandbox[str]) -> None:
    assert process.call(b"signals ") == "n=8"


def test_the_child_outlives_the_thread_that_started_it() -> None:
    process = Sandbox(build_obeyer, str, timeout_s=20, memory_mb=1024)
    starter = threading.Thread(target=process.start)
    starter.start()
    starter.join()
    first = process.call(b"pid     ")
    assert process.call(b"pid     ") == first
    process.close()


def test_an_engine_that_fails_to_load_is_not_a_fault_of_the_image() -> None:
    with pytest.raises(SandboxNotStarted):
        Sandbox(build_nothing, str, timeout_s=20, memory_mb=1024).call(b"abc")


def test_close_ends_the_child() -> None:
    process = Sandbox(build_obeyer, str, timeout_s=20, memory_mb=1024)
    pid = int(process.call(b"pid     "))
    process.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.parametrize("order", [b"pid     ", b"hang    "])
def test_a_child_ends_with_its_killed_parent(order: bytes) -> None:
    program = (
        "from tests.kit.test_sandbox_process import *\n"
        "process = Sandbox(build_obeyer, str, timeout_s=60, memory_mb=1024)\n"
        "print(process.call(b'pid     '), file=sys.stderr, flush=True)\n"
        f"process.call({order!r})\n"
        "threading.Event().wait(60)\n"
    )
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)}) as parent:
        assert parent.stderr is not None
        child = int(parent.stderr.readline())
        parent.kill()
    wait_until(lambda: not is_running(child))


def is_running(pid: int) -> bool:
    """Whether a process runs; a zombie, which a container without an init keeps, does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        threading.Event().wait(0.02)
