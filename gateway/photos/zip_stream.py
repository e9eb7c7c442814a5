"""A ZIP archive of stored files, written as a stream whose length is known before.

Formats and sizes of records: APPNOTE.TXT of PKWARE, sections 4.3 and 4.5.3.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zipfile import ZIP_STORED, ZipFile, ZipInfo

# Beyond these `zipfile` writes the records of ZIP64.
ZIP64_LIMIT = (1 << 31) - 1
MAX_FILES = (1 << 16) - 1
MARGIN = 1.05  # by which it expects a file to grow

LOCAL_HEADER_BYTES = 30
LOCAL_ZIP64_BYTES = 20
DESCRIPTOR_BYTES = 16
ZIP64_DESCRIPTOR_BYTES = 24
DIRECTORY_HEADER_BYTES = 46
END_BYTES = 22
ZIP64_END_BYTES = 56 + 20  # record and locator

FIRST_YEAR, LAST_YEAR = 1980, 2107
MODE = 0o644


@dataclass(frozen=True)
class StoredFile:
    """A file of an archive. `modified` is what a clock on the wall showed: ZIP knows no zones."""

    name: str
    size_bytes: int
    modified: datetime

    def to_info(self) -> ZipInfo:
        year = min(max(self.modified.year, FIRST_YEAR), LAST_YEAR)
        info = ZipInfo(self.name, (year, *self.modified.timetuple()[1:6]))
        info.file_size = self.size_bytes
        info.external_attr = MODE << 16
        return info


class Outbox:
    """What `zipfile` has written and is not sent yet; it has no position to go back to."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._parts.append(data)
        return len(data)

    def flush(self) -> None:
        pass

    def take(self) -> bytes:
        taken, self._parts = b"".join(self._parts), []
        return taken

    def close(self) -> None:
        pass


async def write_archive(
    files: Sequence[StoredFile], read: Callable[[int], AsyncIterator[bytes]]
) -> AsyncGenerator[bytes]:
    """`read` gets the place of a file and yields exactly its bytes."""
    outbox = Outbox()
    with ZipFile(outbox, "w", ZIP_STORED) as archive:
        for place, file in enumerate(files):
            with archive.open(file.to_info(), "w") as entry:
                async for chunk in read(place):
                    entry.write(chunk)
                    yield outbox.take()
    yield outbox.take()


def measure_archive(files: Sequence[StoredFile]) -> int:
    """How many bytes `write_archive` writes."""
    offset = directory = 0
    for file in files:
        named = _measure_name(file.name)
        fields = 2 * (file.size_bytes > ZIP64_LIMIT) + (offset > ZIP64_LIMIT)
        directory += DIRECTORY_HEADER_BYTES + named + (4 + 8 * fields if fields else 0)
        offset += LOCAL_HEADER_BYTES + named + file.size_bytes
        is_large = file.size_bytes * MARGIN > ZIP64_LIMIT
        offset += LOCAL_ZIP64_BYTES + ZIP64_DESCRIPTOR_BYTES if is_large else DESCRIPTOR_BYTES
    is_zip64 = len(files) > MAX_FILES or offset > ZIP64_LIMIT or directory > ZIP64_LIMIT
    return offset + directory + END_BYTES + (ZIP64_END_BYTES if is_zip64 else 0)


def _measure_name(name: str) -> int:
    """As `zipfile` encodes it."""
    info = ZipInfo(name)
    info.CRC = 0
    return len(info.FileHeader(zip64=False)) - LOCAL_HEADER_BYTES
