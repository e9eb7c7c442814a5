"""The order of a backup: whatever a row of the dump names is among the files."""

from collections.abc import Callable
from pathlib import Path

import pytest

from deploy import backup

Copy = Callable[[Path, Path, Callable[[], None]], None]


def copy_before(source: Path, target: Path, dump: Callable[[], None]) -> None:
    """A broken twin: rows that come meanwhile have no files."""
    backup._copy_files(source, target)
    dump()


def copy_after(source: Path, target: Path, dump: Callable[[], None]) -> None:
    """A broken twin: rows that go meanwhile have no files."""
    dump()
    backup._copy_files(source, target)


def find_missing(copy: Copy, folder: Path) -> set[str]:
    """The files that the dump names and the backup has not, when one comes before the dump and one goes after it."""
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


def test_files_that_come_and_go_while_the_rows_are_dumped_are_in_the_backup(tmp_path: Path) -> None:
    assert find_missing(backup.copy_around, tmp_path) == set()


@pytest.mark.parametrize(("twin", "missing"), [(copy_before, {"coming"}), (copy_after, {"going"})])
def test_control_copied_only_once_a_file_is_missing(tmp_path: Path, twin: Copy, missing: set[str]) -> None:
    assert find_missing(twin, tmp_path) == missing


def test_a_file_that_goes_while_it_is_copied_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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
