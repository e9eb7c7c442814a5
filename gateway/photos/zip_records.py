"""Records of a ZIP archive of stored files: APPNOTE.TXT of PKWARE, sections 4.3 and 4.5.3."""

import struct
from dataclasses import dataclass
from datetime import datetime

# From this value on, a field refers to the ZIP64 record.
MAX_32 = (1 << 32) - 1
MAX_16 = (1 << 16) - 1
BEYOND_32, BEYOND_16 = MAX_32, MAX_16

LOCAL = struct.Struct("<4s5H3I2H")
LOCAL_64 = struct.Struct("<2H2Q")
DESCRIPTOR = struct.Struct("<4s3I")
DESCRIPTOR_64 = struct.Struct("<4sI2Q")
CENTRAL = struct.Struct("<4s6H3I5H2I")
END_64 = struct.Struct("<4sQ2H2I4Q")
LOCATOR = struct.Struct("<4sIQI")
END = struct.Struct("<4s4H2IH")

ZIP64_ID = 1
STORED = 0
VERSION, VERSION_64 = 20, 45
UNIX = 3 << 8
MODE = 0o644 << 16
HAS_DESCRIPTOR, IS_UTF8 = 1 << 3, 1 << 11
FIRST_YEAR, LAST_YEAR = 1980, 2107


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of an archive. `modified` is local time, since ZIP has no time zones."""

    name: str
    size_bytes: int
    modified: datetime

    @property
    def is_large(self) -> bool:
        return self.size_bytes >= MAX_32


def measure_entry(file: StoredFile) -> int:
    """The bytes of `local_header`, of the file and of `descriptor`."""
    descriptor = DESCRIPTOR_64 if file.is_large else DESCRIPTOR
    return _measure_local(file) + file.size_bytes + descriptor.size


def _measure_local(file: StoredFile) -> int:
    return LOCAL.size + len(file.name.encode()) + (LOCAL_64.size if file.is_large else 0)


def local_header(file: StoredFile) -> bytes:
    """The header before the file's bytes; checksum and sizes follow them."""
    extra = LOCAL_64.pack(ZIP64_ID, 16, 0, 0) if file.is_large else b""
    size, version = (BEYOND_32, VERSION_64) if file.is_large else (0, VERSION)
    name = file.name.encode()
    times = _dos_time(file)
    packed = LOCAL.pack(b"PK\3\4", version, _flags(file), STORED, *times, 0, size, size, len(name), len(extra))
    return packed + name + extra


def descriptor(file: StoredFile, crc: int) -> bytes:
    """The record after the file's bytes."""
    layout = DESCRIPTOR_64 if file.is_large else DESCRIPTOR
    return layout.pack(b"PK\7\10", crc, file.size_bytes, file.size_bytes)


def measure_central(file: StoredFile, offset: int) -> int:
    """The bytes of `central_header`."""
    return CENTRAL.size + len(file.name.encode()) + len(_central_extra(file, offset))


def central_header(file: StoredFile, offset: int, crc: int) -> bytes:
    """The directory's entry of a file whose local header is at `offset`."""
    name, extra = file.name.encode(), _central_extra(file, offset)
    size = BEYOND_32 if file.is_large else file.size_bytes
    version = VERSION_64 if extra else VERSION
    packed = CENTRAL.pack(
        b"PK\1\2",
        UNIX | version,
        version,
        _flags(file),
        STORED,
        *_dos_time(file),
        crc,
        size,
        size,
        len(name),
        len(extra),
        *(0, 0, 0, MODE),
        BEYOND_32 if offset >= MAX_32 else offset,
    )
    return packed + name + extra


def end_records(count: int, directory_bytes: int, offset: int) -> bytes:
    """The end of an archive of `count` files, whose directory is at `offset`."""
    if count < MAX_16 and directory_bytes < MAX_32 and offset < MAX_32:
        return END.pack(b"PK\5\6", 0, 0, count, count, directory_bytes, offset, 0)
    end_64 = END_64.pack(
        b"PK\6\6",
        END_64.size - 12,
        UNIX | VERSION_64,
        VERSION_64,
        *(0, 0, count, count),
        directory_bytes,
        offset,
    )
    locator = LOCATOR.pack(b"PK\6\7", 0, offset + directory_bytes, 1)
    end = END.pack(
        b"PK\5\6",
        *(0, 0),
        *(min(count, BEYOND_16),) * 2,
        BEYOND_32 if directory_bytes >= MAX_32 else directory_bytes,
        BEYOND_32 if offset >= MAX_32 else offset,
        0,
    )
    return end_64 + locator + end


def _central_extra(file: StoredFile, offset: int) -> bytes:
    numbers = [file.size_bytes] * 2 * file.is_large + [offset] * (offset >= MAX_32)
    return struct.pack(f"<2H{len(numbers)}Q", ZIP64_ID, 8 * len(numbers), *numbers) if numbers else b""


def _flags(file: StoredFile) -> int:
    return HAS_DESCRIPTOR | (0 if file.name.isascii() else IS_UTF8)


def _dos_time(file: StoredFile) -> tuple[int, int]:
    """Time, in steps of two seconds, and date."""
    at = file.modified
    year = min(max(at.year, FIRST_YEAR), LAST_YEAR)
    return at.hour << 11 | at.minute << 5 | at.second // 2, (year - FIRST_YEAR) << 9 | at.month << 5 | at.day
