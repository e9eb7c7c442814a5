"""The bytes of one photo while they arrive: in memory while few, then in an unnamed file."""

import hashlib
from tempfile import SpooledTemporaryFile
from typing import IO, Self

from kit.errors import InvalidInput
from kit.faces.images.formats import HEAD_BYTES, sniff
from matcher_service.domain import EmptyImage, TooLarge, UnsupportedType

MEMORY_BYTES = 256 * 1024


class Spool:
    """Keeps at most `max_bytes`; deleted when closed."""

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
        """The media type detected from the first bytes; empty if unsupported."""
        return sniff(self._head) or ""

    def append(self, data: bytes) -> None:
        self.size_bytes += len(data)
        if self.size_bytes > self._max_bytes:
            return
        self._head += data[: HEAD_BYTES - len(self._head)]
        self._digest.update(data)
        self._file.write(data)

    def check(self) -> InvalidInput | None:
        """The fault of the file, judged by its size and first bytes; None if there is none."""
        if not self.size_bytes:
            return EmptyImage()
        if self.size_bytes > self._max_bytes:
            return TooLarge()
        return None if self.content_type else UnsupportedType()

    def open(self) -> IO[bytes]:
        """The file, at its beginning; the spool closes it."""
        self._file.seek(0)
        return self._file

    def close(self) -> None:
        self._file.close()


def spool(data: bytes, max_bytes: int) -> Spool:
    """A spool of bytes that are already in memory."""
    filled = Spool(max_bytes)
    filled.append(data)
    return filled
