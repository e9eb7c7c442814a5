"""Files of any size by key, on this machine (`file:///path`) or in S3 (`s3://bucket`)."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import from_url

from kit.errors import Unavailable
from kit.failpoints import reach

CHUNK_BYTES = 256 * 1024


class BlobsUnavailable(Unavailable):
    """The file store cannot be reached now; try again shortly."""


class BlobNotFound(Exception):
    """No blob has this key."""


class Blobs:
    """Keys are made by us (`<folder>/<uuid>`), never by a caller."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._root = Path(unquote(parts.path)) if parts.scheme == "file" else None
        if self._root:
            self._root.mkdir(parents=True, exist_ok=True)
        self._store = from_url(url)

    def put(self, key: str, data: bytes) -> None:
        """Durable when it returns."""
        reach("blob", "before-write")
        with _told():
            obstore.put(self._store, key, data)
        if self._root:
            _flush(self._root, key)
        reach("blob", "after-write")

    def get(self, key: str) -> bytes:
        """Raises BlobNotFound."""
        with _told():
            return bytes(obstore.get(self._store, key).bytes())

    def open(self, key: str) -> tuple[int, Iterator[bytes]]:
        """Size and chunks. Raises BlobNotFound."""
        with _told():
            result = obstore.get(self._store, key)
        return result.meta["size"], _chunks(result)

    def read_ends(self, key: str, length: int) -> tuple[bytes, bytes]:
        """The first and the last bytes, fewer where there are no more. Raises BlobNotFound."""
        with _told():
            size: int = obstore.head(self._store, key)["size"]
            if not (taken := min(length, size)):
                return b"", b""
            start, end = obstore.get_ranges(self._store, key, starts=[0, size - taken], lengths=[taken, taken])
            return bytes(start), bytes(end)

    def delete(self, key: str) -> None:
        """Deleting what is not there is no fault."""
        reach("blob", "before-delete")
        try:
            with _told():
                obstore.delete(self._store, key)
        except BlobNotFound:
            pass
        reach("blob", "after-delete")

    def list(self) -> Iterator[tuple[str, datetime]]:
        """Every key and when it was written."""
        with _told():
            for page in obstore.list(self._store):
                for item in page:
                    yield item["path"], item["last_modified"]


def _chunks(result: "obstore.GetResult") -> Iterator[bytes]:
    with _told():
        for chunk in result.stream(min_chunk_size=CHUNK_BYTES):
            data = bytes(chunk)
            for start in range(0, len(data), CHUNK_BYTES):
                yield data[start : start + CHUNK_BYTES]


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (NotFoundError, FileNotFoundError):
        raise BlobNotFound from None
    except (BaseError, OSError) as error:
        raise BlobsUnavailable from error


def _flush(root: Path, key: str) -> None:
    """Writes a file, its folder and the folder's own entry to disk."""
    path = root / key
    for target in (path, path.parent, root):
        descriptor = os.open(target, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        except OSError as error:
            raise BlobsUnavailable from error
        finally:
            os.close(descriptor)
