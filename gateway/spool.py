"""Files as they come in: in memory while small, then in a file without a name, which is gone when it is closed."""

import unicodedata
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from tempfile import SpooledTemporaryFile
from threading import Lock

import anyio

MEMORY_BYTES = 256 * 1024
MAX_FILENAME_LENGTH = 200


@dataclass
class ReceivedFile:
    """A file as sent; `filename` is for people and fit for a header."""

    filename: str
    size_bytes: int = 0
    spool: SpooledTemporaryFile[bytes] = field(default_factory=lambda: SpooledTemporaryFile(MEMORY_BYTES))  # noqa: SIM115
    unwritten: bytearray = field(default_factory=bytearray)
    turn: Lock = field(default_factory=Lock)

    async def write_out(self) -> None:
        """Writes what has come; in a thread when it goes to a disk."""
        if self.size_bytes > MEMORY_BYTES:
            await anyio.to_thread.run_sync(self.spool.write, bytes(self.unwritten))
        else:
            self.spool.write(self.unwritten)
        self.unwritten.clear()

    async def read(self) -> bytes:
        """All of it; in a thread when it comes from a disk."""
        self.spool.seek(0)
        if self.size_bytes > MEMORY_BYTES:
            return await anyio.to_thread.run_sync(self.spool.read)
        return self.spool.read()

    async def chunks(self, chunk_bytes: int) -> AsyncIterator[bytes]:
        """From the beginning on, also while somebody who gave up still reads his last one."""
        place = 0
        while chunk := await anyio.to_thread.run_sync(self._read_at, place, chunk_bytes):
            yield chunk
            place += len(chunk)

    def _read_at(self, place: int, count: int) -> bytes:
        with self.turn:
            self.spool.seek(place)
            return self.spool.read(count)


def clean_filename(raw: bytes) -> str:
    """The last part of a path, without controls, line breaks and marks that reorder what people read."""
    name = raw.decode("utf-8", "replace").replace("\\", "/").rpartition("/")[2]
    shown = (character for character in name if unicodedata.category(character) not in ("Cc", "Cf", "Cs"))
    return "".join(shown)[:MAX_FILENAME_LENGTH]
