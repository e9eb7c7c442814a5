"""Spooled uploads: in memory while small, then in an unnamed temporary file that is deleted when it is closed."""

import unicodedata
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from tempfile import SpooledTemporaryFile
from threading import Lock

import anyio

from gateway.errors.problem import Problem

MEMORY_BYTES = 256 * 1024
MAX_FILENAME_LENGTH = 200


class SpoolMemory:
    """The memory that all arriving files of this process may use together."""

    def __init__(self, count_bytes: int) -> None:
        self._free_bytes = count_bytes

    def take(self, count_bytes: int) -> bool:
        """Reserves memory; false if there is not enough."""
        if count_bytes > self._free_bytes:
            return False
        self._free_bytes -= count_bytes
        return True

    def give_back(self, count_bytes: int) -> None:
        self._free_bytes += count_bytes


class StrictSpoolMemory(SpoolMemory):
    """For files that are never written to disk: without enough memory the request is refused."""

    def take(self, count_bytes: int) -> bool:
        """Raises Problem if there is not enough."""
        if not super().take(count_bytes):
            raise Problem(503, "overloaded", "Too many photos arrive at once; try again shortly.")
        return True


@dataclass
class ReceivedFile:
    """An uploaded file; `filename` is for people and safe in a header. With a `reason` it is rejected and not kept.
    With `memory` it stays in memory regardless of its size, as long as some is left."""

    filename: str
    memory: SpoolMemory | None = None
    reason: str = ""
    size_bytes: int = 0
    spool: SpooledTemporaryFile[bytes] = field(default_factory=lambda: SpooledTemporaryFile(MEMORY_BYTES))  # noqa: SIM115
    unwritten: list[bytes] = field(default_factory=list)
    unwritten_bytes: int = 0
    turn: Lock = field(default_factory=Lock)

    async def append(self, data: bytes) -> None:
        """Raises Problem if the disk is full."""
        self.size_bytes += len(data)
        if self.memory and not self.memory.take(len(data)):
            self._leave_memory()
        self.unwritten.append(data)
        self.unwritten_bytes += len(data)
        if self.unwritten_bytes >= MEMORY_BYTES:
            await self.flush()

    async def flush(self) -> None:
        """Writes the received data, unless it stays in memory; in a thread if it goes to disk."""
        if self.memory:
            return
        data = b"".join(self.unwritten)
        try:
            if self.size_bytes > MEMORY_BYTES:
                await anyio.to_thread.run_sync(self.spool.write, data)
            else:
                self.spool.write(data)
        except OSError:
            raise Problem(503, "service_unavailable", "There is no space for uploads; try again later.") from None
        self._forget_unwritten()

    def reject(self, reason: str) -> None:
        """Discards the received data."""
        self.reason = self.reason or reason
        self.close()

    def close(self) -> None:
        self._leave_memory()
        self._forget_unwritten()
        self.spool.close()

    async def read(self) -> bytes:
        """The whole content; read in a thread if it is on disk."""
        if self.memory:
            return b"".join(self.unwritten)
        self.spool.seek(0)
        if self.size_bytes > MEMORY_BYTES:
            return await anyio.to_thread.run_sync(self.spool.read)
        return self.spool.read()

    async def chunks(self, chunk_bytes: int) -> AsyncIterator[bytes]:
        """From the beginning, even while an abandoned reader still reads its last chunk."""
        place = 0
        while chunk := await self._read_chunk(place, chunk_bytes):
            yield chunk
            place += len(chunk)

    def _leave_memory(self) -> None:
        if self.memory:
            self.memory.give_back(self.unwritten_bytes)
        self.memory = None

    def _forget_unwritten(self) -> None:
        self.unwritten.clear()
        self.unwritten_bytes = 0

    async def _read_chunk(self, place: int, count: int) -> bytes:
        if self.size_bytes > MEMORY_BYTES:
            return await anyio.to_thread.run_sync(self._read_at, place, count)
        return self._read_at(place, count)

    def _read_at(self, place: int, count: int) -> bytes:
        with self.turn:
            self.spool.seek(place)
            return self.spool.read(count)


def clean_filename(name: str) -> str:
    """The last part of a path, without control characters, line breaks and bidirectional marks."""
    name = name.replace("\\", "/").rpartition("/")[2]
    shown = (character for character in name if unicodedata.category(character) not in ("Cc", "Cf", "Cs"))
    return "".join(shown)[:MAX_FILENAME_LENGTH]
