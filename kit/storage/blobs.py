"""Files of any size by key, on this machine (`file:///path`) or in S3 (`s3://bucket`).

A key is `<prefix>/<2 hex digits>/<32 hex digits>`; the prefix belongs to one service. Photos of earlier versions
have keys without a prefix. Other files in the folder or bucket are never listed or deleted.
"""

import errno
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextvars import copy_context
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Self
from uuid import uuid4

import obstore

from kit.errors import Unavailable
from kit.failpoints import reach
from kit.rpc import deadlines
from kit.settings import BlobSettings
from kit.storage.client import BlobClient, BlobNotFound, BlobOptions, BlobsUnavailable
from kit.telemetry.logs import get_logger

__all__ = ["BlobNotFound", "BlobOptions", "Blobs", "BlobsUnavailable"]

CHUNK_BYTES = 256 * 1024
PART_BYTES = 5 * 1024 * 1024  # S3's smallest part
PARTS_AT_ONCE = 2
FAULT_IS_FRESH_S = 5.0
PROBE_S = 2.0
OLD_KEYS = "photos"  # the service with this prefix also owns the keys without one
OWN_NAME = r"[0-9a-f]{2}/[0-9a-f]{32}"

log = get_logger()


class Blobs:
    """The files of one service. Keys come from `new_key`, never from a caller; writes are atomic."""

    def __init__(self, url: str, prefix: str, options: BlobOptions | None = None) -> None:
        self._options = options or BlobOptions()
        self._client = BlobClient(url, self._options)
        self._root = self._client.root
        self._prefix = prefix
        owned = rf"(?:{re.escape(prefix)}/)?" if prefix == OLD_KEYS else f"{re.escape(prefix)}/"
        self._own = re.compile(owned + OWN_NAME)
        self._fault = ("", -FAULT_IS_FRESH_S)
        self._low = False
        self._durable_folders: set[Path] = set()  # folders whose entries in their parents are synced to disk

    @classmethod
    def connect(cls, settings: BlobSettings, prefix: str) -> Self:
        """The files under `prefix` in the configured store; obstore itself reads the AWS settings."""
        options = BlobOptions(
            timeout_s=settings.blob_timeout_s,
            connect_timeout_s=settings.blob_connect_timeout_s,
            allow_http=settings.aws_allow_http,
            min_free_bytes=settings.blob_min_free_mb * 1024 * 1024,
        )
        return cls(settings.blob_url, prefix, options)

    def new_key(self) -> str:
        """A random key."""
        name = uuid4().hex
        return f"{self._prefix}/{name[:2]}/{name}"

    def put(self, key: str, data: bytes) -> None:
        """Durable when it returns."""
        self._put(key, data)

    def put_file(self, key: str, file: Path | IO[bytes]) -> None:
        """Durable when it returns; a file object is read from its current position, in parts of 5 MiB."""
        if isinstance(file, Path):
            with file.open("rb") as opened:
                self.put_file(key, opened)
                return
        first = file.read(PART_BYTES)
        # S3 cannot create a file from zero parts.
        self._put(key, first if len(first) < PART_BYTES else _parts(first, file))

    def get(self, key: str) -> bytes:
        """Raises BlobNotFound."""
        with self._client.reading(key):
            result = obstore.get(self._client.store(reads_body=True), key)
        return b"".join(self._chunks(key, result))

    def open(self, key: str) -> tuple[int, Iterator[bytes]]:
        """Size and chunks. Raises BlobNotFound."""
        with self._client.reading(key):
            result = obstore.get(self._client.store(reads_body=True), key)
        return result.meta["size"], self._chunks(key, result)

    def size(self, key: str) -> int:
        """In bytes. Raises BlobNotFound."""
        with self._client.reading(key):
            size: int = obstore.head(self._client.store(), key)["size"]
        return size

    def open_range(self, key: str, offset: int, length: int) -> Iterator[bytes]:
        """Chunks of `length` bytes from `offset`, fewer at the end of the blob. Raises BlobNotFound."""
        if length <= 0:
            return iter(())
        with self._client.reading(key):
            size: int = obstore.head(self._client.store(), key)["size"]
            end = min(offset + length, size)
            if offset >= end:
                return iter(())
            options: Any = {"range": (offset, end)}
            result = obstore.get(self._client.store(reads_body=True), key, options=options)
        return self._chunks(key, result)

    def read_ends(self, key: str, length: int) -> tuple[bytes, bytes]:
        """The first and the last bytes, fewer if the blob is shorter. Raises BlobNotFound."""
        with self._client.reading(key):
            store = self._client.store()
            size: int = obstore.head(store, key)["size"]
            if not (count := min(length, size)):
                return b"", b""
            start, end = obstore.get_ranges(store, key, starts=[0, size - count], lengths=[count, count])
            return bytes(start), bytes(end)

    def delete(self, key: str) -> None:
        """Deletes the files; missing ones are ignored, names that are not keys of ours are never deleted."""
        if not self._own.fullmatch(key):
            log.error("Refused to delete a file that is not ours.", action="blob_not_ours", key=key)
            return
        reach("blob", "before-delete")
        try:
            with self._client.reading(key):
                obstore.delete(self._client.store(), key)
        except BlobNotFound:
            pass
        reach("blob", "after-delete")

    def list(self) -> Iterator[tuple[str, datetime]]:
        """Every key of ours and the time of its last write."""
        yield from self._list(self._prefix)
        if self._prefix == OLD_KEYS:
            for number in range(256):  # not the whole bucket, which may contain millions of other files
                yield from self._list(f"{number:02x}")

    def find_fault(self) -> str:
        """Why files cannot be read or written now (`kit.storage.client.fault_of`), or empty. For `/readyz`."""
        fault, asked_at = self._fault
        if time.monotonic() - asked_at >= FAULT_IS_FRESH_S:
            fault = copy_context().run(self._look_for_fault)
            self._fault = (fault, time.monotonic())
        return fault

    def _look_for_fault(self) -> str:
        deadlines.enter(PROBE_S)
        if self._root:
            if not self._root.is_dir():
                return "folder_missing"
            return "disk_full" if self._is_low() else self._client.last_fault
        try:
            with self._client.writing():
                next(iter(obstore.list(self._client.store(), prefix=self._prefix, chunk_size=1)), None)
        except Unavailable:
            return self._client.last_fault or "unreachable"
        return ""

    def _is_low(self) -> bool:
        """Whether less than `min_free_bytes` is free; logged when it begins."""
        if not self._root or not self._root.is_dir():
            return False
        free_bytes = shutil.disk_usage(self._root).free
        was_low, self._low = self._low, free_bytes < self._options.min_free_bytes
        if self._low and not was_low:
            log.error("The disk of the file store is nearly full.", action="blobs_disk_low", free_bytes=free_bytes)
        return self._low

    def _list(self, prefix: str) -> Iterator[tuple[str, datetime]]:
        with self._client.writing():
            for page in obstore.list(self._client.store(), prefix=prefix):
                for item in page:
                    if self._own.fullmatch(item["path"]):
                        yield item["path"], item["last_modified"]

    def _put(self, key: str, data: bytes | Iterator[bytes]) -> None:
        reach("blob", "before-write")
        self._is_low()
        with self._client.writing():
            if self._root and not self._root.is_dir():  # obstore would create it, perhaps beneath a missing mount
                raise FileNotFoundError(errno.ENOENT, "the folder of the file store is missing")
            obstore.put(self._client.store(), key, data, chunk_size=PART_BYTES, max_concurrency=PARTS_AT_ONCE)
            if self._root:
                self._flush(self._root / key)
        reach("blob", "after-write")

    def _flush(self, path: Path) -> None:
        """Syncs a file and its folder to disk; the parent folders once, since they are never deleted."""
        _sync(path)
        folder = path.parent
        _sync(folder)
        while folder != self._root and folder not in self._durable_folders:
            _sync(folder.parent)
            self._durable_folders.add(folder)
            folder = folder.parent

    def _chunks(self, key: str, result: Any) -> Iterator[bytes]:
        with self._client.reading(key):
            for chunk in result.stream(min_chunk_size=CHUNK_BYTES):
                data = bytes(chunk)
                for start in range(0, len(data), CHUNK_BYTES):
                    if deadlines.remaining_s(1) <= 0:
                        raise BlobsUnavailable
                    yield data[start : start + CHUNK_BYTES]


def _parts(first: bytes, file: IO[bytes]) -> Iterator[bytes]:
    part = first
    while part:
        yield part
        part = file.read(PART_BYTES)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
