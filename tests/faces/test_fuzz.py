"""Fuzzing of the decoder and the filter of originals with damaged bytes for FUZZ_TIME seconds."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or sys.version_info >= (3, 14), reason="atheris has no wheel for this Python"
)

FUZZ_TIME_S = int(os.environ.get("FUZZ_TIME", "20"))
SLACK_S = 60


def fuzz(folder: Path, target: str, seconds: int, module: str = "fuzz_decode") -> subprocess.CompletedProcess[str]:
    script = f"""
from pathlib import Path
from tests.bench import {module}
{module}.fuzz({module}.{target}, {seconds}, Path({str(folder)!r}))
"""
    # The shell forks once more: a process inherits the peak memory of the process that forked it, which the fuzzer
    # would count as its own (ru_maxrss survives exec).
    command = ["sh", "-c", '"$@"; exit $?', "sh", "nice", "-n", "19", sys.executable, "-c", script]
    return subprocess.run(command, capture_output=True, text=True, timeout=seconds + SLACK_S, check=False)


@pytest.mark.timeout(FUZZ_TIME_S + 2 * SLACK_S)
def test_damaged_bytes_raise_only_unreadable_within_time_and_memory_limits(tmp_path: Path) -> None:
    done = fuzz(tmp_path, "decoding.decode", FUZZ_TIME_S)
    assert done.returncode == 0, done.stderr[-4000:]
    executed = re.search(r"number_of_executed_units: (\d+)", done.stderr)
    assert executed is not None
    assert int(executed[1]) > 500
    assert not list(tmp_path.glob("finding-*"))


def test_control_the_fuzzer_finds_uncaught_exceptions(tmp_path: Path) -> None:
    """Runs the decoder without its funnel of exceptions."""
    done = fuzz(tmp_path, "decoding._decode", FUZZ_TIME_S)
    assert done.returncode != 0
    assert "Uncaught Python exception" in done.stderr + done.stdout
    assert list(tmp_path.glob("finding-*"))


@pytest.mark.timeout(FUZZ_TIME_S + 2 * SLACK_S)
def test_the_original_of_a_damaged_jpeg_contains_only_its_pixels(tmp_path: Path) -> None:
    done = fuzz(tmp_path, "original.plan_original", FUZZ_TIME_S, "fuzz_original")
    assert done.returncode == 0, done.stderr[-4000:]
    executed = re.search(r"number_of_executed_units: (\d+)", done.stderr)
    assert executed is not None
    assert int(executed[1]) > 500


def test_control_the_fuzzer_finds_a_secret_in_the_output(tmp_path: Path) -> None:
    """Runs without the filter."""
    done = fuzz(tmp_path, "send_all", FUZZ_TIME_S, "fuzz_original")
    assert done.returncode != 0
    assert "a secret is sent" in done.stderr + done.stdout
