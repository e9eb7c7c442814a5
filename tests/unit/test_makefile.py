"""Variables listed by `make` reach the commands with the listed default values."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

MAKEFILE = Path("Makefile").read_text()
TARGET = re.compile(r"^([a-z0-9-]+):.*?## (.*)$", re.MULTILINE)
DEFAULT = re.compile(r"\b([A-Z_]+)=([0-9]\w*)")
# Commands read the other variables from the environment themselves.
CASES = [
    (target, name, default)
    for target, help_text in TARGET.findall(MAKEFILE)
    for name, default in DEFAULT.findall(help_text)
    if f"$({name})" in MAKEFILE
]


def commands(target: str, *settings: str) -> str:
    make = ["make", "--dry-run", "--no-print-directory", "--old-file=.venv/.ready", target, *settings]
    # Excludes settings of the `make` that runs the tests.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run(make, env=environment, capture_output=True, text=True, check=True).stdout


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
@pytest.mark.parametrize(("target", "name", "default"), CASES)
def test_a_command_gets_the_listed_default_or_the_given_value(target: str, name: str, default: str) -> None:
    last = commands(target).splitlines()[-1]
    assert f" {default} " in f"{last} " or name == "PORT"  # PORT has the command's own default
    assert " 4711 " in f"{commands(target, f'{name}=4711').splitlines()[-1]} "
