"""Commands about the system on this machine."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from deploy.cli.handover import import_local

Data = Annotated[Path | None, typer.Option("--data", help="Folder of all data (MINOIS_DATA, otherwise ./var).")]
Folder = Annotated[Path, typer.Argument(help="Folder of the backup.")]


def run(
    port: Annotated[int | None, typer.Option(help="HTTP port of the gateway.", min=1, max=65535)] = None,
    data: Data = None,
    tls: Annotated[bool, typer.Option("--tls", help="HTTPS for phones on the same network.")] = False,
    indexers: Annotated[int | None, typer.Option(help="Number of processes that index photos.", min=1, max=16)] = None,
    selfie_workers: Annotated[
        int | None, typer.Option(help="Number of processes that examine selfies.", min=1, max=16)
    ] = None,
) -> None:
    """Run everything on this machine, with a sample event.

    The processes read all their settings from the environment."""
    chosen = {
        "GATEWAY_PORT": port,
        "MINOIS_DATA": data,
        "TLS": int(tls) or None,
        "INDEXERS": indexers,
        "SELFIE_WORKERS": selfie_workers,
    }
    _set(chosen)
    import_local("deploy.local.command").start("run")


def demo(data: Data = None) -> None:
    """Run a complete event on real photos and print which photos were found."""
    _set({"MINOIS_DATA": data})
    import_local("deploy.local.command").start("demo")


def backup(folder: Folder, data: Data = None) -> None:
    """Back up all data on this machine to a new folder, even while the system is running."""
    _set({"MINOIS_DATA": data})
    import_local("deploy.backup").start("create", folder)


def restore(
    folder: Folder,
    master_key: Annotated[Path | None, typer.Option(help="Copy of the master key.")] = None,
    data: Data = None,
) -> None:
    """Restore a backup into an empty data folder."""
    _set({"MINOIS_DATA": data})
    import_local("deploy.backup").start("restore", folder, master_key)


def replay(
    folder: Annotated[Path, typer.Argument(help="The `blobs` folder of the former system, which contains its ledger.")],
    data: Data = None,
) -> None:
    """After a restore, erase again what was erased since the backup."""
    _set({"MINOIS_DATA": data})
    import_local("deploy.backup").start("replay", folder)


def _set(settings: Mapping[str, object]) -> None:
    """Sets the environment variables of the options that were given."""
    os.environ.update({name: str(value) for name, value in settings.items() if value is not None})
