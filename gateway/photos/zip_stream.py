"""A ZIP archive of stored files as a stream, whose length and layout are known in advance."""

from bisect import bisect_right
from collections.abc import AsyncGenerator, Callable, MutableMapping, Sequence
from contextlib import aclosing
from itertools import accumulate
from zlib import crc32

from gateway.photos.zip_records import (
    StoredFile,
    central_header,
    descriptor,
    end_records,
    local_header,
    measure_central,
    measure_entry,
)

PIECE_BYTES = 64 * 1024

# `read(place, start, end)` yields exactly those bytes of a file.
Read = Callable[[int, int, int], AsyncGenerator[bytes]]
# Checksums of files, by their place.
Checksums = MutableMapping[int, int]


class ZipStream:
    """The bytes are deterministic: the same files make the same archive."""

    def __init__(self, files: Sequence[StoredFile]) -> None:
        self._files = files
        # Where each entry begins, and then the directory.
        self._entries = [*accumulate(map(measure_entry, files), initial=0)]
        sizes = (measure_central(file, offset) for file, offset in zip(files, self._entries, strict=False))
        # Where each header of the directory begins, and then the end records.
        self._headers = [*accumulate(sizes, initial=self._entries[-1])]
        self._end = end_records(len(files), self._headers[-1] - self._headers[0], self._headers[0])
        self.size_bytes = self._headers[-1] + len(self._end)

    async def write(self, read: Read, checksums: Checksums, start: int, end: int) -> AsyncGenerator[bytes]:
        """The bytes from `start` to `end`, in pieces. Files are read only as far as these bytes depend on them; known
        checksums save reads, and those of completely read files are added."""
        pieces: list[bytes] = []
        size = 0
        async with aclosing(self._write(read, checksums, start, end)) as records:
            async for record in records:
                pieces.append(record)
                size += len(record)
                if size >= PIECE_BYTES:
                    yield b"".join(pieces)
                    pieces, size = [], 0
        if pieces:
            yield b"".join(pieces)

    async def _write(self, read: Read, checksums: Checksums, start: int, end: int) -> AsyncGenerator[bytes]:
        for place in range(self._find(self._entries, start), len(self._files)):
            offset = self._entries[place]
            if offset >= end:
                return
            async with aclosing(self._write_entry(place, read, checksums, start - offset, end - offset)) as records:
                async for record in records:
                    yield record
        for place in range(self._find(self._headers, start), len(self._files)):
            if self._headers[place] >= end:
                return
            if place not in checksums:
                await self._read_checksum(place, read, checksums)
            header = central_header(self._files[place], self._entries[place], checksums[place])
            yield _cut(header, start - self._headers[place], end - self._headers[place])
        yield _cut(self._end, start - self._headers[-1], end - self._headers[-1])

    async def _write_entry(
        self, place: int, read: Read, checksums: Checksums, start: int, end: int
    ) -> AsyncGenerator[bytes]:
        """The same, with `start` and `end` counted from the beginning of the entry."""
        file, header = self._files[place], local_header(self._files[place])
        yield _cut(header, start, end)
        low, high = (min(max(bound - len(header), 0), file.size_bytes) for bound in (start, end))
        needs_checksum = end > len(header) + file.size_bytes
        at = 0 if needs_checksum and place not in checksums else low
        is_whole, crc = (at, high) == (0, file.size_bytes), 0
        async with aclosing(read(place, at, high)) as chunks:
            async for chunk in chunks:
                crc = crc32(chunk, crc) if is_whole else 0
                yield chunk[max(low - at, 0) :]
                at += len(chunk)
        if is_whole:
            checksums[place] = crc
        if needs_checksum:
            shown = len(header) + file.size_bytes
            yield _cut(descriptor(file, checksums[place]), start - shown, end - shown)

    async def _read_checksum(self, place: int, read: Read, checksums: Checksums) -> None:
        crc = 0
        async with aclosing(read(place, 0, self._files[place].size_bytes)) as chunks:
            async for chunk in chunks:
                crc = crc32(chunk, crc)
        checksums[place] = crc

    @staticmethod
    def _find(offsets: Sequence[int], position: int) -> int:
        """The last record that begins at or before a position, else the first one."""
        return max(bisect_right(offsets, position) - 1, 0)


def _cut(record: bytes, start: int, end: int) -> bytes:
    return record[max(start, 0) : max(end, 0)]
