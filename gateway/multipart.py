"""Files out of multipart/form-data (RFC 7578), spooled until they are complete.

So a slow phone holds a socket here and nothing in the services behind.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

from gateway.intake import read_body, too_large
from gateway.limits import MULTIPART_BYTES
from gateway.problems import Problem, invalid_form
from gateway.schemas.problems import FieldError
from gateway.spool import ReceivedFile, clean_filename

MAX_OTHER_PARTS = 16


@dataclass(frozen=True)
class FileLimits:
    """What is taken of the field `name`. Of a larger file one byte more than `max_file_bytes` is kept, so that who
    gets it can tell; more than `max_waste_bytes` beyond that end the reading."""

    name: str
    max_files: int
    max_file_bytes: int
    max_waste_bytes: int = 0

    @property
    def max_body_bytes(self) -> int:
        return self.max_files * (self.max_file_bytes + MULTIPART_BYTES)


@asynccontextmanager
async def receive_files(request: Request, limits: FileLimits) -> AsyncIterator[list[ReceivedFile]]:
    """The files of a request, at least one; they are gone at the end of the block."""
    form = _Form(_read_boundary(request, limits.name), limits)
    try:
        async for chunk in read_body(request, limits.max_body_bytes):
            await form.feed(chunk)
        form.finish()
        yield form.files
    finally:
        for file in form.files:
            file.spool.close()


class _Form:
    """The parser's callbacks, and what they found."""

    def __init__(self, boundary: bytes, limits: FileLimits) -> None:
        self.files: list[ReceivedFile] = []
        self._limits = limits
        self._current: ReceivedFile | None = None
        self._header = self._value = b""
        self._disposition = b""
        self._others = self._wasted = self._read = 0
        self._complete = False
        callbacks: MultipartCallbacks = {
            "on_part_begin": self._on_part_begin,
            "on_header_field": self._on_header_field,
            "on_header_value": self._on_header_value,
            "on_header_end": self._on_header_end,
            "on_headers_finished": self._on_headers_finished,
            "on_part_data": self._on_part_data,
            "on_end": self._on_end,
        }
        try:
            self._parser = MultipartParser(boundary, callbacks)
        except FormParserError:
            raise _malformed() from None

    async def feed(self, chunk: bytes) -> None:
        self._read += len(chunk)
        begun = len(self.files)
        try:
            self._parser.write(chunk)
        except FormParserError:
            raise _malformed() from None
        for file in self.files[max(0, begun - 1) :]:
            if file.unwritten:
                await file.write_out()

    def finish(self) -> None:
        if not self._read:
            raise Problem(400, "empty_body", "The request has no body.")
        if not self._complete:
            raise _malformed()
        if not self.files:
            raise _missing(self._limits.name)

    def _on_part_begin(self) -> None:
        self._current, self._disposition = None, b""

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = self._value
        self._header = self._value = b""

    def _on_headers_finished(self) -> None:
        _, options = parse_options_header(self._disposition)
        if options.get(b"name", b"").decode("latin-1") == self._limits.name:
            if len(self.files) == self._limits.max_files:
                raise _too_many(self._limits.max_files)
            self._current = ReceivedFile(clean_filename(options.get(b"filename", b"")))
            self.files.append(self._current)
            return
        self._others += 1
        if self._others > MAX_OTHER_PARTS:
            raise _malformed()

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._current is None:
            return
        room = self._limits.max_file_bytes + 1 - self._current.size_bytes
        kept = data[start : min(end, start + room)]
        self._current.unwritten += kept
        self._current.size_bytes += len(kept)
        self._wasted += (end - start) - len(kept)
        if self._wasted > self._limits.max_waste_bytes:
            raise too_large(self._limits.max_file_bytes)

    def _on_end(self) -> None:
        self._complete = True


def _read_boundary(request: Request, name: str) -> bytes:
    media_type, options = parse_options_header(request.headers.get("content-type", ""))
    if media_type != b"multipart/form-data":
        if request.headers.get("content-length", "") == "0":
            raise Problem(400, "empty_body", "The request has no body.")
        raise _missing(name)
    if not options.get(b"boundary"):
        raise _malformed()
    return options[b"boundary"]


def _missing(name: str) -> Problem:
    message = f"Send the image as multipart/form-data in the field `{name}`."
    return invalid_form([FieldError(field=name, reason="missing", message=message)])


def _too_many(max_files: int) -> Problem:
    return Problem(400, "too_many_files", f"At most {max_files} files are taken at once.")


def _malformed() -> Problem:
    return Problem(400, "malformed_multipart", "The body is not multipart/form-data that can be read.")
