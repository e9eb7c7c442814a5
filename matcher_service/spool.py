"""The bytes of one photo while they arrive: in memory while few, then in an unnamed file."""

import hashlib
from tempfile import SpooledTemporaryFile
from typing import IO, Self

from kit.errors import InvalidInput
from kit.faces.images.formats import HEAD_BYTES, sniff
from matcher_service.domain import EmptyImage, TooLarge, UnsupportedType

MEMORY_BYTES = 256 * 1024


class Spool:
    """Keeps no more than `max_bytes`; gone when it is closed."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._file: IO[bytes] = SpooledTemporaryFile(MEMORY_BYTES)  # noqa: SIM115  # closed by `close`
        self._digest = hashlib.sha256()
        self._head = b""
        self.size_bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def sha256(self) -> bytes:
        return self._digest.digest()

    @property
    def content_type(self) -> str:
        """The media type that the first bytes show; empty for none of ours."""
        return sniff(self._head) or ""

    def append(self, data: bytes) -> None:
        self.size_bytes += len(data)
        if self.size_bytes > self._max_bytes:
            return
        self._head += data[: HEAD_BYTES - len(self._head)]
        self._digest.update(data)
        self._file.write(data)

    def check(self) -> InvalidInput | None:
        """What is wrong with the file, as far as its size and its first bytes show."""
        if not self.size_bytes:
            return EmptyImage()
        if self.size_bytes > self._max_bytes:
            return TooLarge()
        return None if self.content_type else UnsupportedType()

    def open(self) -> IO[bytes]:
        """The file from its beginning; it belongs to the spool."""
        self._file.seek(0)
        return self._file

    def close(self) -> None:
        self._file.close()


def spool(data: bytes, max_bytes: int) -> Spool:
    """A spool of bytes that are here already."""
    filled = Spool(max_bytes)
    filled.append(data)
    return filled
