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
    indexers: Annotated[int | None, typer.Option(help="Processes that read photos.", min=1, max=16)] = None,
    selfie_workers: Annotated[int | None, typer.Option(help="Processes that examine selfies.", min=1, max=16)] = None,
) -> None:
    """Run everything on this machine, with a sample event.

    All settings of the processes are taken from the environment."""
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
    """Run the whole journey on real photos and print what was found."""
    _set({"MINOIS_DATA": data})
    import_local("deploy.local.command").start("demo")


def backup(folder: Folder, data: Data = None) -> None:
    """Copy all data of this machine into a new folder, also while the system runs."""
    _set({"MINOIS_DATA": data})
    import_local("deploy.backup").start("create", folder)


def restore(
    folder: Folder,
    master_key: Annotated[Path | None, typer.Option(help="The copy of the master key.")] = None,
    data: Data = None,
) -> None:
    """Fill an empty data folder from a backup."""
    _set({"MINOIS_DATA": data})
    import_local("deploy.backup").start("restore", folder, master_key)


def replay(
    folder: Annotated[Path, typer.Argument(help="The folder `blobs` of the former system, which has its ledger.")],
    data: Data = None,
) -> None:
    """After a restore, erase again what has been erased since the backup."""
    _set({"MINOIS_DATA": data})
    import_local("deploy.backup").start("replay", folder)


def _set(settings: Mapping[str, object]) -> None:
    """The options that were given, as the settings that they stand for."""
    os.environ.update({name: str(value) for name, value in settings.items() if value is not None})
