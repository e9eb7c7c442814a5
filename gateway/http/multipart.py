"""A parser of multipart/form-data (RFC 7578) as clients send it in practice; linear in time, bounded in memory.

It accepts a preamble, lines that end in LF alone, spaces after a boundary, parts without headers and a missing last
boundary. It searches with `bytes.find`, so a body that is full of almost-boundaries costs no more than any other.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto

MAX_BOUNDARY_BYTES = 200  # RFC 2046 allows 70
MAX_PREAMBLE_BYTES = 16 * 1024
MAX_HEADER_BYTES = 8 * 1024
MAX_HEADERS = 32
MAX_PARTS = 1000
MAX_PADDING_BYTES = 128  # spaces and tabs between a boundary and the end of its line


class MalformedMultipart(Exception):
    """The body is malformed; the message is for the client's developer."""


@dataclass(frozen=True)
class PartBegin:
    """A part begins; `headers` by their names in lower case."""

    headers: Mapping[bytes, bytes]


@dataclass(frozen=True)
class PartData:
    """The next bytes of a part."""

    data: bytes


@dataclass(frozen=True)
class PartEnd:
    """The part is complete."""


Event = PartBegin | PartData | PartEnd


class _State(Enum):
    PREAMBLE = auto()
    HEADERS = auto()
    DATA = auto()
    EPILOGUE = auto()


@dataclass(frozen=True)
class _Delimiter:
    """A line with the boundary: where it ends, its line end, and whether it is the last one."""

    end: int
    newline: bytes
    is_last: bool


class MultipartParser:
    """Parses chunks of a body into events. Raises MalformedMultipart."""

    def __init__(self, boundary: bytes) -> None:
        if not 0 < len(boundary) <= MAX_BOUNDARY_BYTES:
            raise MalformedMultipart(f"A boundary has between 1 and {MAX_BOUNDARY_BYTES} characters.")
        self._dashed = b"--" + boundary
        self._newline = b"\r\n"  # the line end of the first boundary
        self._buffer = bytearray()
        self._state = _State.PREAMBLE
        self._skipped = 0  # dropped bytes of the preamble
        self._blank = 0  # bytes at the start of the buffer that end the headers: they may also begin a delimiter
        self._parts = 0

    def feed(self, chunk: bytes | memoryview) -> Iterator[Event]:
        self._buffer += chunk
        while True:
            if self._state is _State.PREAMBLE:
                if not self._end_preamble():
                    return
            elif self._state is _State.HEADERS:
                headers = self._take_headers()
                if headers is None:
                    return
                self._state = _State.DATA
                yield PartBegin(headers)
            elif self._state is _State.DATA:
                data, is_complete = self._take_data()
                if data:
                    yield PartData(data)
                if not is_complete:
                    return
                yield PartEnd()
            else:
                self._buffer.clear()
                return

    def finish(self) -> Iterator[Event]:
        """Ends the body. Raises MalformedMultipart where it is not complete; only the last boundary may be missing."""
        if self._state is _State.DATA:
            opening = self._newline + self._dashed
            rest = bytes(self._buffer)
            if not rest.startswith(opening) or rest[len(opening) :].strip(b" \t\r\n") not in (b"", b"-"):
                raise MalformedMultipart("The body ends in the middle of a part.")
            yield PartEnd()
        elif self._state is _State.PREAMBLE:
            raise MalformedMultipart("The body does not contain the boundary that its Content-Type names.")
        elif self._state is _State.HEADERS and self._buffer.strip(b"\r\n"):
            raise MalformedMultipart("The body ends in the headers of a part.")

    def _end_preamble(self) -> bool:
        """Whether the first line with the boundary is complete; drops what is before it."""
        start = -1
        while (start := self._buffer.find(self._dashed, start + 1)) >= 0:
            begins_line = (start == 0 and not self._skipped) or self._buffer[start - 1 : start] == b"\n"
            delimiter = self._match(start) if begins_line else None
            if delimiter is None:
                continue
            if not delimiter.end:
                return False
            self._newline = delimiter.newline
            self._enter(delimiter)
            return True
        gone = max(0, len(self._buffer) - len(self._dashed) - MAX_PADDING_BYTES - 1)
        self._skipped += gone
        del self._buffer[:gone]
        if self._skipped > MAX_PREAMBLE_BYTES:
            raise MalformedMultipart("There is too much text before the first boundary.")
        return False

    def _take_headers(self) -> Mapping[bytes, bytes] | None:
        """The headers of a part; None until they are complete. The empty line stays in the buffer, as `_blank`."""
        block, end = b"", 0
        if not self._buffer.startswith((b"\r\n", b"\n")):
            ends = [self._buffer.find(blank, 0, MAX_HEADER_BYTES) for blank in (b"\r\n\r\n", b"\n\n")]
            last = min((end for end in ends if end >= 0), default=-1)
            if last < 0 and len(self._buffer) >= MAX_HEADER_BYTES:
                raise MalformedMultipart("The headers of a part are too long.")
            if last < 0:
                return None
            block, end = bytes(self._buffer[:last]), self._buffer.find(b"\n", last) + 1
        del self._buffer[:end]
        self._blank = 2 if self._buffer.startswith(b"\r\n") else 1
        return _parse_headers(block)

    def _take_data(self) -> tuple[bytes, bool]:
        """The available bytes of a part, and whether the part is complete."""
        opening = self._newline + self._dashed
        at = -1
        while (at := self._buffer.find(opening, at + 1)) >= 0:
            delimiter = self._match(at + len(self._newline))
            if delimiter is None:
                continue
            if not delimiter.end:
                return self._cut(at), False
            data = self._copy(at)
            self._enter(delimiter)
            return data, True
        return self._cut(len(self._buffer) - len(opening) + 1), False

    def _cut(self, end: int) -> bytes:
        """Removes and returns data up to `end` from the buffer, without the empty line before it."""
        if end <= self._blank:
            return b""
        data = self._copy(end)
        del self._buffer[:end]
        self._blank = 0
        return data

    def _copy(self, end: int) -> bytes:
        with memoryview(self._buffer) as view, view[self._blank : end] as part:
            return bytes(part)

    def _match(self, start: int) -> _Delimiter | None:
        """The delimiter that begins here, with `end` 0 while its line is not complete; None if there is none."""
        after = start + len(self._dashed)
        tail = bytes(self._buffer[after : after + MAX_PADDING_BYTES])
        if tail.startswith(b"--"):
            return _Delimiter(after + 2, self._newline, is_last=True)
        rest = tail.lstrip(b" \t")
        for newline in (b"\r\n", b"\n"):
            if rest.startswith(newline):
                return _Delimiter(after + len(tail) - len(rest) + len(newline), newline, is_last=False)
        is_open = len(tail) < MAX_PADDING_BYTES and (rest in (b"", b"\r") or tail == b"-")
        return _Delimiter(0, self._newline, is_last=False) if is_open else None

    def _enter(self, delimiter: _Delimiter) -> None:
        """Continues after a delimiter."""
        del self._buffer[: delimiter.end]
        self._blank = 0
        self._state = _State.EPILOGUE if delimiter.is_last else _State.HEADERS
        self._parts += not delimiter.is_last
        if self._parts > MAX_PARTS:
            raise MalformedMultipart(f"A request has at most {MAX_PARTS} parts.")


def _parse_headers(block: bytes) -> Mapping[bytes, bytes]:
    """By lower-case name; a line that begins with a space continues the one before it (RFC 5322, 2.2.3)."""
    lines: list[bytes] = []
    for line in block.replace(b"\r\n", b"\n").split(b"\n"):
        if line[:1] in (b" ", b"\t") and lines:
            lines[-1] += b" " + line.strip()
        elif line:
            lines.append(line)
    if len(lines) > MAX_HEADERS:
        raise MalformedMultipart("A part has too many headers.")
    headers = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon:
            raise MalformedMultipart("A header of a part has no colon.")
        headers[name.strip().lower()] = value.strip()
    return headers
