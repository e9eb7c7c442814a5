"""The file store: what is put is there, what is not there is told apart from a store that is away."""

import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from structlog.testing import capture_logs

from kit.storage.blobs import CHUNK_BYTES, BlobNotFound, Blobs, BlobsUnavailable
from kit.storage.client import BlobOptions

KEY, OTHER = (f"photos/aa/{digit * 32}" for digit in "12")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Where the blobs of a test lie; a name that a URL must quote."""
    return tmp_path / "blobs of 100% ü"


@pytest.fixture
def blobs(root: Path) -> Blobs:
    """An empty store."""
    return Blobs(root.as_uri(), "photos")


def test_what_is_put_is_read_back(blobs: Blobs, root: Path) -> None:
    blobs.put(KEY, b"one")
    blobs.put(KEY, b"another")
    assert blobs.get(KEY) == b"another"
    assert (root / KEY).read_bytes() == b"another"


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES, 2 * CHUNK_BYTES + 1, 12_000_000])
def test_a_blob_of_any_size_comes_in_chunks(blobs: Blobs, size: int) -> None:
    data = os.urandom(size)
    blobs.put(KEY, data)
    told, chunks = blobs.open(KEY)
    pieces = list(chunks)
    assert (told, b"".join(pieces)) == (size, data)
    assert all(len(piece) <= CHUNK_BYTES for piece in pieces)


def test_a_blob_that_is_deleted_while_it_is_read_is_read_to_its_end(blobs: Blobs) -> None:
    data = os.urandom(3 * CHUNK_BYTES)
    blobs.put(KEY, data)
    _, chunks = blobs.open(KEY)
    first = next(chunks)
    blobs.delete(KEY)
    assert first + b"".join(chunks) == data


def test_every_key_is_listed_with_its_time(blobs: Blobs) -> None:
    keys = {blobs.new_key() for _ in range(3)} | {KEY.removeprefix("photos/")}
    for key in keys:
        blobs.put(key, b"x")
    listed = dict(blobs.list())
    assert set(listed) == keys
    assert all(abs(datetime.now(UTC) - moment) < timedelta(minutes=1) for moment in listed.values())


def test_what_is_not_there_is_not_found(blobs: Blobs) -> None:
    for read in (blobs.get, blobs.open):
        with pytest.raises(BlobNotFound):
            read(KEY)
    assert list(blobs.list()) == []


def test_deleting_what_is_not_there_is_no_fault(blobs: Blobs) -> None:
    blobs.put(KEY, b"x")
    blobs.delete(KEY)
    blobs.delete(KEY)
    with pytest.raises(BlobNotFound):
        blobs.get(KEY)


@pytest.mark.parametrize(
    "key", ["../out", "photos/../../out", "..", "photos/%2e%2e/%2e%2e/out", "./out", "photos/./../out"]
)
def test_no_key_leads_out_of_the_store(blobs: Blobs, tmp_path: Path, key: str) -> None:
    """Keys are ours; should one ever not be, it stays inside."""
    (tmp_path / "out").write_bytes(b"secret")
    for act in (lambda: blobs.put(key, b"x"), lambda: blobs.get(key), lambda: blobs.delete(key)):
        try:
            assert act() != b"secret"
        except (ValueError, TypeError, BlobNotFound):
            continue
    assert (tmp_path / "out").read_bytes() == b"secret"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["blobs of 100% ü", "out"]


def test_a_put_returns_when_file_and_folders_are_on_disk(
    blobs: Blobs, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed = []
    monkeypatch.setattr(
        "kit.storage.blobs.os.fsync", lambda descriptor: flushed.append(os.readlink(f"/proc/self/fd/{descriptor}"))
    )
    blobs.put(KEY, b"x")
    assert flushed == [str(root / KEY), str(root / "photos" / "aa"), str(root / "photos"), str(root)]
    del flushed[:]
    second, other = KEY[:-1] + "9", KEY.replace("aa/", "bb/", 1)
    blobs.put(second, b"x")
    assert flushed == [str(root / second), str(root / "photos" / "aa")]
    del flushed[:]
    blobs.put(other, b"x")
    assert flushed == [str(root / other), str(root / "photos" / "bb"), str(root / "photos")]


def test_a_disk_that_is_nearly_full_is_reported_once_when_a_file_is_written(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free_bytes = iter((10, 10, 20, 10))
    monkeypatch.setattr("kit.storage.blobs.shutil.disk_usage", lambda _: SimpleNamespace(free=next(free_bytes)))
    blobs = Blobs(root.as_uri(), "photos", BlobOptions(min_free_bytes=11))
    with capture_logs() as logged:
        for _ in range(4):
            blobs.put(KEY, b"x")
    assert [entry["action"] for entry in logged] == ["blobs_disk_low"] * 2


def test_a_disk_that_fails_to_write_is_told(blobs: Blobs, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("kit.storage.blobs.os.fsync", fail)
    with pytest.raises(BlobsUnavailable):
        blobs.put(KEY, b"x")


READS: dict[str, Callable[[Blobs], object]] = {
    "put": lambda blobs: blobs.put(KEY, b"x"),
    "get": lambda blobs: blobs.get(KEY),
    "open": lambda blobs: blobs.open(KEY),
}


@pytest.mark.parametrize("act", READS)
def test_a_store_that_is_broken_is_away_and_not_empty(blobs: Blobs, root: Path, act: str) -> None:
    """A file lies where the folder was: neither can a blob be written, nor is it known to be missing."""
    shutil.rmtree(root)
    root.write_bytes(b"")
    with pytest.raises(BlobsUnavailable) as raised:
        READS[act](blobs)
    assert raised.value.reason == "BLOBS_UNAVAILABLE"
    assert str(root) not in raised.value.message


def test_a_bucket_that_cannot_be_reached_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AWS_ENDPOINT": "http://127.0.0.1:1",
        "AWS_ALLOW_HTTP": "true",
        "AWS_REGION": "here",
        "AWS_ACCESS_KEY_ID": "id",
        "AWS_SECRET_ACCESS_KEY": "secret",
    }.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(BlobsUnavailable):
        Blobs("s3://photos", "photos").get(KEY)


def test_the_ends_of_a_blob_are_read(blobs: Blobs) -> None:
    blobs.put(KEY, b"123456")
    assert blobs.read_ends(KEY, 2) == (b"12", b"56")
    assert blobs.read_ends(KEY, 99) == (b"123456", b"123456")
    blobs.put(OTHER, b"")
    assert blobs.read_ends(OTHER, 2) == (b"", b"")
    with pytest.raises(BlobNotFound):
        blobs.read_ends(KEY[:-1] + "3", 2)
