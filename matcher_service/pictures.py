"""Pictures as they are sent: a file, or ranges of an upload with new bytes between them; whole or in part."""

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from kit.faces.images.original import Part
from kit.storage.blobs import BlobNotFound, Blobs


@dataclass(frozen=True)
class Source:
    """A picture is the file `key`, or these parts of it. Only the original of a JPEG has parts."""

    key: str
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True)
class Window:
    """The requested part of a picture: `length` bytes from `offset`, or to the end if `length` is 0. A negative
    `offset` counts from the end."""

    offset: int = 0
    length: int = 0

    def cut(self, size_bytes: int) -> tuple[int, int]:
        """Start and end in a picture of that size; equal if the part is empty."""
        start = max(0, size_bytes + self.offset) if self.offset < 0 else min(self.offset, size_bytes)
        return start, min(start + self.length, size_bytes) if self.length else size_bytes


WHOLE = Window()


@dataclass(frozen=True)
class OpenPicture:
    """The bytes from `start` to `end` of a picture of `size_bytes`, in chunks of at most 256 KiB."""

    size_bytes: int
    start: int
    end: int
    chunks: Iterator[bytes]


def open_picture(blobs: Blobs, source: Source, window: Window = WHOLE) -> OpenPicture:
    """Reads only the requested part of the file. Raises BlobNotFound, also for a file too short for its parts."""
    if source.parts:
        needed = max((part[1] for part in source.parts if not isinstance(part, bytes)), default=0)
        if blobs.size(source.key) < needed:
            raise BlobNotFound
        size = size_of(source.parts)
        start, end = window.cut(size)
        return OpenPicture(size, start, end, _read(blobs, source, start, end))
    if window == WHOLE:
        size, chunks = blobs.open(source.key)
        return OpenPicture(size, 0, size, chunks)
    size = blobs.size(source.key)
    start, end = window.cut(size)
    return OpenPicture(size, start, end, blobs.open_range(source.key, start, end - start))


def size_of(parts: Sequence[Part]) -> int:
    return sum(map(_size, parts))


def to_json(parts: Sequence[Part]) -> list[Any]:
    """The value of the column `original_parts`: a range is a list of two numbers, bytes are base64."""
    return [base64.b64encode(part).decode() if isinstance(part, bytes) else list(part) for part in parts]


def from_json(value: list[Any] | None) -> tuple[Part, ...]:
    return tuple(base64.b64decode(item) if isinstance(item, str) else (item[0], item[1]) for item in value or ())


def _read(blobs: Blobs, source: Source, start: int, end: int) -> Iterator[bytes]:
    place = 0
    for part in source.parts:
        size = _size(part)
        low, high = max(start - place, 0), min(end - place, size)
        place += size
        if low >= high:
            continue
        if isinstance(part, bytes):
            yield part[low:high]
        else:
            yield from blobs.open_range(source.key, part[0] + low, high - low)


def _size(part: Part) -> int:
    return len(part) if isinstance(part, bytes) else part[1] - part[0]
