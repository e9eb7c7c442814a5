"""The variables that `make` lists reach the commands."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

MAKEFILE = Path("Makefile").read_text()
TARGET = re.compile(r"^([a-z0-9-]+):.*?## (.*)$", re.MULTILINE)
VARIABLE = re.compile(r"\b([A-Z_]+)=")
VALUE = "4711"
# Others are read from the environment by the commands themselves.
CASES = [
    (target, name)
    for target, help_text in TARGET.findall(MAKEFILE)
    for name in VARIABLE.findall(help_text)
    if f"$({name})" in MAKEFILE
]


def commands(target: str, *settings: str) -> str:
    make = ["make", "--dry-run", "--old-file=.venv/.ready", target, *settings]
    return subprocess.run(make, capture_output=True, text=True, check=True).stdout


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
@pytest.mark.parametrize(("target", "name"), CASES)
def test_a_variable_reaches_the_command_and_nothing_else(target: str, name: str) -> None:
    usual, changed = commands(target), commands(target, f"{name}={VALUE}")
    different = set(changed.splitlines()) - set(usual.splitlines())
    assert len(different) == 1
    assert VALUE in different.pop()
