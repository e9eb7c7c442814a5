"""Programs that only tests and measurements need, installed once into the user's cache."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from kit.settings import user_cache

TIMEOUT_S = 1200


class NoProgram(Exception):
    """A program is not available on this machine; the message says why."""


def go_program(module: str) -> Path:
    """The program of a Go module such as `example.org/tool/cmd/tool@v1.2.3`. Raises NoProgram."""
    path, _, version = module.partition("@")
    name = path.rpartition("/")[2]

    def install(folder: Path) -> None:
        run([go(), "install", module], {**os.environ, "GOBIN": str(folder)})

    return once(f"{name}-{version}", install) / name


def once(name: str, install: Callable[[Path], None]) -> Path:
    """The folder that `install` fills, unless an earlier call already did. Raises NoProgram."""
    cache = user_cache()
    if cache is None:
        raise NoProgram("there is no cache folder to install into")
    folder = cache / "tools" / name
    if not folder.exists():
        fresh = folder.with_name(f"{name}.{os.getpid()}")
        fresh.mkdir(parents=True)
        try:
            install(fresh)
            fresh.rename(folder)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    return folder


def go() -> str:
    """The path of the Go toolchain. Raises NoProgram."""
    found = shutil.which("go") or shutil.which("/usr/local/go/bin/go")
    if found is None:
        raise NoProgram("there is no Go toolchain to build it with")
    return found


def run(command: list[str], environment: dict[str, str] | None = None) -> str:
    """Runs a command; returns its output. Raises NoProgram."""
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    if done.returncode != 0:
        raise NoProgram(f"{' '.join(command[:3])} failed: {done.stderr.strip()[-500:]}")
    return done.stdout
