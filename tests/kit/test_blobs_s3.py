"""The file store on a real S3 server: stored blobs, missing blobs, and an unavailable store."""

import io
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from kit.rpc import deadlines
from kit.settings import BlobSettings
from kit.storage import client as blob_client
from kit.storage.blobs import CHUNK_BYTES, BlobNotFound, BlobOptions, Blobs, BlobsUnavailable
from kit.storage.sweeper import Sweeper
from tests.harness.s3 import S3Server

pytestmark = pytest.mark.timeout(900)  # the first test may have to build the server

FAST = BlobOptions(timeout_s=1, connect_timeout_s=0.5, allow_http=True)
ONE_MB = 1024 * 1024


@pytest.fixture
def environment(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> S3Server:
    """The server, with the settings for it in the environment of this process."""
    for name, value in s3.settings.items():
        monkeypatch.setenv(name, value)
    return s3


@pytest.fixture
def blobs(environment: S3Server) -> Blobs:
    return Blobs("s3://photos", "photos", BlobOptions(allow_http=True))


@pytest.fixture
def silent_server() -> Iterator[int]:
    """The port of a server that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        accepted: list[socket.socket] = []

        def accept() -> None:
            with suppress(OSError):
                while True:
                    accepted.append(server.accept()[0])

        threading.Thread(target=accept, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        for connection in accepted:
            connection.close()


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES + 1, 12 * ONE_MB])
def test_a_stored_blob_is_read_completely_in_ranges_and_at_its_ends(blobs: Blobs, size: int) -> None:
    data = os.urandom(size)
    key = blobs.new_key()
    blobs.put(key, data)
    length, chunks = blobs.open(key)
    assert (length, b"".join(chunks), blobs.get(key)) == (size, data, data)
    assert blobs.read_ends(key, 2) == (data[:2], data[-2:] if size else b"")
    for offset, count in ((0, size), (size // 2, 10), (size - 1, 100), (size, 1), (0, 0), (1, CHUNK_BYTES)):
        if offset >= 0:
            assert b"".join(blobs.open_range(key, offset, count)) == data[offset : offset + count]


@pytest.mark.parametrize("size", [0, 3, 5 * ONE_MB, 5 * ONE_MB + 1, 23 * ONE_MB])
def test_a_file_is_stored_from_its_current_position(blobs: Blobs, tmp_path: Path, size: int) -> None:
    data = os.urandom(size)
    path = tmp_path / "upload"
    path.write_bytes(data)
    blobs.put_file("photos/aa/" + "1" * 32, path)
    assert blobs.get("photos/aa/" + "1" * 32) == data
    spooled = io.BytesIO(b"header" + data)
    spooled.seek(6)
    blobs.put_file("photos/aa/" + "2" * 32, spooled)
    assert blobs.get("photos/aa/" + "2" * 32) == data


READS: dict[str, Callable[[Blobs, str], object]] = {
    "get": lambda blobs, key: blobs.get(key),
    "open": lambda blobs, key: blobs.open(key),
    "open_range": lambda blobs, key: b"".join(blobs.open_range(key, 0, 1)),
    "read_ends": lambda blobs, key: blobs.read_ends(key, 1),
}
CALLS: dict[str, Callable[[Blobs, str], object]] = {
    **READS,
    "put": lambda blobs, key: blobs.put(key, b"x"),
    "put a large one": lambda blobs, key: blobs.put(key, b"x" * 6 * ONE_MB),
    "put_file": lambda blobs, key: blobs.put_file(key, io.BytesIO(b"x" * 6 * ONE_MB)),
    "delete": lambda blobs, key: blobs.delete(key),
    "list": lambda blobs, key: list(blobs.list()),
}


@pytest.mark.parametrize("act", READS)
def test_a_file_missing_from_the_bucket_is_not_found(blobs: Blobs, act: str) -> None:
    with pytest.raises(BlobNotFound):
        READS[act](blobs, blobs.new_key())
    blobs.delete(blobs.new_key())
    assert list(blobs.list()) == []
    assert blobs.find_fault() == ""


@pytest.mark.parametrize("act", CALLS)
def test_a_missing_bucket_is_unavailable_and_not_a_missing_file(environment: S3Server, act: str) -> None:
    blobs = Blobs("s3://misnamed", "photos", FAST)
    with pytest.raises(BlobsUnavailable):
        CALLS[act](blobs, blobs.new_key())
    assert blobs.find_fault() == "bucket_missing"


def test_control_treating_every_404_as_a_missing_file_hides_a_missing_bucket(
    environment: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blob_client.BlobClient, "_is_missing", lambda *_: True)
    blobs = Blobs("s3://misnamed", "photos", FAST)
    with pytest.raises(BlobNotFound):
        blobs.get(blobs.new_key())
    blobs.delete(blobs.new_key())


@pytest.mark.parametrize("act", CALLS)
@pytest.mark.parametrize("setting", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
def test_wrong_credentials_are_unavailable(
    environment: S3Server, monkeypatch: pytest.MonkeyPatch, setting: str, act: str
) -> None:
    monkeypatch.setenv(setting, "wrong")
    blobs = Blobs("s3://photos", "photos", FAST)
    with pytest.raises(BlobsUnavailable):
        CALLS[act](blobs, blobs.new_key())
    assert blobs.find_fault() == "access_denied"


@pytest.mark.parametrize("act", CALLS)
def test_an_unresponsive_server_times_out(
    environment: S3Server, silent_server: int, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT", f"http://127.0.0.1:{silent_server}")
    blobs = Blobs("s3://photos", "photos", FAST)
    started = time.monotonic()
    with pytest.raises(BlobsUnavailable):
        CALLS[act](blobs, blobs.new_key())
    assert time.monotonic() - started < 10, "the default time-outs of obstore are three minutes"


def test_the_deadline_of_the_caller_is_respected(
    environment: S3Server, silent_server: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT", f"http://127.0.0.1:{silent_server}")
    blobs = Blobs("s3://photos", "photos", BlobOptions(timeout_s=60, allow_http=True))
    deadlines.enter(1)
    try:
        for _ in range(2):  # the second time no time is left
            started = time.monotonic()
            with pytest.raises(BlobsUnavailable):
                blobs.get(blobs.new_key())
            assert time.monotonic() - started < 20
    finally:
        deadlines.enter(None)


def test_a_restarted_server_is_used_again(environment: S3Server) -> None:
    blobs = Blobs("s3://photos", "photos", FAST)
    key = blobs.new_key()
    blobs.put(key, b"kept")
    environment.stop()
    with pytest.raises(BlobsUnavailable):
        blobs.get(key)
    with pytest.raises(BlobsUnavailable):
        blobs.delete(key)
    environment.start()
    assert blobs.get(key) == b"kept"


def test_plain_http_must_be_allowed_by_a_setting(environment: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLOB_URL", "s3://photos")
    Blobs.connect(BlobSettings(), "photos").put("photos/aa/" + "1" * 32, b"x")
    monkeypatch.setenv("AWS_ALLOW_HTTP", "false")
    with pytest.raises(BlobsUnavailable):
        Blobs.connect(BlobSettings(), "photos").put("photos/aa/" + "1" * 32, b"x")


class EveryFileIsAnOrphan:
    """A database without any file, with the deletion of foreign files queued."""

    def __init__(self, queued: list[str]) -> None:
        self._queued = queued

    def list_blob_deletions(self, limit: int) -> list[str]:
        return self._queued[:limit]

    def settle_blob_deletions(self, keys: object) -> None:
        self._queued = []

    def find_orphans(self, keys: list[str]) -> list[str]:
        return keys


FOREIGN = (
    "backup/database.dump",
    "README",
    "selfies/aa/" + "3" * 32,
    "photos/notes.txt",
    "photos/aa/" + "4" * 32 + ".bak",
    "other/photos/aa/" + "5" * 32,
    "ff/notes",
)


def sweep_a_shared_bucket(server: S3Server) -> set[str]:
    """Sweeps a bucket with own files, an own file with an old key, and foreign files; returns the remaining files."""
    blobs = Blobs("s3://photos", "photos", BlobOptions(allow_http=True))
    own = [blobs.new_key(), blobs.new_key().removeprefix("photos/")]
    for key in (*own, *FOREIGN):
        blobs.put(key, b"x")
    sweeper = Sweeper(EveryFileIsAnOrphan(list(FOREIGN)), blobs)
    sweeper.step()
    sweeper.delete_orphans()
    bucket = server.folder / "photos"
    return {str(path.relative_to(bucket)) for path in bucket.rglob("*") if path.is_file()}


def test_foreign_files_in_a_shared_bucket_are_not_deleted(
    environment: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kit.storage.sweeper.ORPHAN_AGE", -blob_client.timedelta(minutes=1))
    assert sweep_a_shared_bucket(environment) == set(FOREIGN)


def test_control_a_store_that_owns_every_file_deletes_the_backup(
    environment: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kit.storage.sweeper.ORPHAN_AGE", -blob_client.timedelta(minutes=1))
    monkeypatch.setattr("kit.storage.blobs.OWN_NAME", ".+")
    monkeypatch.setattr("kit.storage.blobs.OLD_KEYS", "photos")
    assert not sweep_a_shared_bucket(environment) & {"backup/database.dump", "photos/notes.txt"}
