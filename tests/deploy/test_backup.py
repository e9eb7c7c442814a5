"""The order of a backup: every file that a row of the dump refers to is in the backup."""

from collections.abc import Callable
from pathlib import Path

import pytest

from deploy import backup

Copy = Callable[[Path, Path, Callable[[], None]], None]


def copy_before(source: Path, target: Path, dump: Callable[[], None]) -> None:
    """A broken twin: rows added meanwhile have no files."""
    backup._copy_files(source, target)
    dump()


def copy_after(source: Path, target: Path, dump: Callable[[], None]) -> None:
    """A broken twin: rows deleted meanwhile have no files."""
    dump()
    backup._copy_files(source, target)


def find_missing(copy: Copy, folder: Path) -> set[str]:
    """The files in the dump that are missing from the backup; one is added before the dump and one deleted after it."""
    source, target = folder / "blobs", folder / "copy"
    (source / "aa").mkdir(parents=True)
    for name in ("kept", "going"):
        (source / "aa" / name).write_text(name)
    named: set[str] = set()

    def dump() -> None:
        (source / "aa" / "coming").write_text("coming")
        named.update(path.name for path in source.rglob("*") if path.is_file())
        (source / "aa" / "going").unlink()

    copy(source, target, dump)
    assert all(path.read_text() == path.name for path in target.rglob("*") if path.is_file())
    return named - {path.name for path in target.rglob("*")}


def test_files_added_or_deleted_during_the_dump_are_in_the_backup(tmp_path: Path) -> None:
    assert find_missing(backup.copy_around, tmp_path) == set()


@pytest.mark.parametrize(("twin", "missing"), [(copy_before, {"coming"}), (copy_after, {"going"})])
def test_control_a_single_copy_misses_a_file(tmp_path: Path, twin: Copy, missing: set[str]) -> None:
    assert find_missing(twin, tmp_path) == missing


def test_a_file_deleted_during_the_copy_is_omitted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, target = tmp_path / "blobs", tmp_path / "copy"
    source.mkdir()
    (source / "going").write_text("going")
    copy2 = backup.shutil.copy2

    def delete_first(path: Path, copy: Path) -> None:
        path.unlink()
        copy2(path, copy)

    monkeypatch.setattr(backup.shutil, "copy2", delete_first)
    backup._copy_files(source, target)
    assert list(target.iterdir()) == []
