"""Landlock alone, without the system call filter and the limits that would deny the same acts."""

import ctypes
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import structlog

from kit.sandbox import process
from kit.sandbox.confinement import PROTECTIONS
from kit.sandbox.landlock import find_version, forbid_all
from tests.kit.sandbox_acts import ACTS, build_doer

VERSION = find_version(ctypes.CDLL(None, use_errno=True)) if sys.platform == "linux" else 0
# The first version of the kernel's interface that forbids each act.
FORBIDDEN = {
    "read a file": 1,
    "list a folder": 1,
    "write a file": 1,
    "make a folder": 1,
    "start a program": 1,
    "become a program": 1,
    "look into a process": 1,
    "connect to a port": 4,
    "listen at a port": 4,
    "signal the parent": 6,
}
# Changes to an existing file.
CHANGES = {
    "delete": "os.unlink({path!r})",
    "move": "os.rename({path!r}, {path!r} + '.moved')",
    "shorten": "os.truncate({path!r}, 0)",
    "link": "os.link({path!r}, {path!r} + '.linked')",
}
PROGRAM = """
import ctypes, os, sys
from kit.sandbox.landlock import forbid_all
from tests.kit.sandbox_acts import attempt

libc = ctypes.CDLL(None, use_errno=True)
libc.prctl(38, 1, 0, 0, 0)
assert forbid_all(libc)
"""


def run(program: str) -> str:
    """Runs a program; returns its output or its errors."""
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2], check=False)
    return done.stdout.strip() or done.stderr


@pytest.mark.parametrize("act", FORBIDDEN)
def test_landlock_alone_forbids(act: str) -> None:
    """The control is `test_control_an_unconfined_process_can` in test_sandbox."""
    if FORBIDDEN[act] > VERSION:
        pytest.skip(f"Landlock of this kernel has version {VERSION} (0: none); this needs {FORBIDDEN[act]}")
    assert act in ACTS
    assert run(f"{PROGRAM}\nprint(attempt({act!r}), flush=True)") == "PermissionError"


@pytest.mark.parametrize("change", CHANGES)
def test_landlock_alone_protects_files(change: str, tmp_path: Path) -> None:
    if VERSION < 3:
        pytest.skip(f"Landlock of this kernel has version {VERSION} (0: none); this needs 3")
    path = tmp_path / "file"
    path.write_text("kept")
    act = CHANGES[change].format(path=str(path))
    assert "PermissionError" in run(f"{PROGRAM}\n{act}")
    assert path.read_text() == "kept"
    # The control: without Landlock, the same program succeeds.
    assert run(f"import os\n{act}") == ""
    assert [(found.name, found.read_text()) for found in tmp_path.iterdir()] != [("file", "kept")]


class _WithoutLandlock:
    """A kernel before 5.13, or one with Landlock disabled."""

    def syscall(self, *_: object) -> int:
        return -1


def test_a_kernel_without_landlock_is_accepted() -> None:
    libc: Callable[[], ctypes.CDLL] = _WithoutLandlock  # type: ignore[assignment]
    assert find_version(libc()) == 0
    assert not forbid_all(libc())


def test_the_log_lists_the_missing_protections(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "PROTECTIONS", (*PROTECTIONS, "guard_dogs"))
    child = process.Sandbox(build_named, str, timeout_s=20, memory_mb=1024)
    with structlog.testing.capture_logs() as lines:
        child.start()
    child.close()
    (line,) = [line for line in lines if line.get("action") == "child_started"]
    assert "guard_dogs" in line["missing"]
    assert set(line["missing"]) | set(line["protections"]) == {*PROTECTIONS, "guard_dogs"}


def build_named() -> Callable[[bytes], str]:
    return build_doer("fork")
