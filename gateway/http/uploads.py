"""Reads files from multipart/form-data, yielding each as soon as it is complete.

Files are spooled here, so a slow phone occupies a socket of the gateway but no resources of the services.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import dataclass

from fastapi import Request

from gateway.errors.problem import Problem, invalid_form
from gateway.errors.schemas import FieldError
from gateway.http.body import read_body, too_large
from gateway.http.headers import field_name, file_name, parse_options
from gateway.http.limits import MULTIPART_BYTES
from gateway.http.multipart import MalformedMultipart, MultipartParser, PartBegin, PartData
from gateway.http.spool import ReceivedFile, SpoolMemory, clean_filename

SLICE_BYTES = 64 * 1024  # parsed without yielding to other requests


@dataclass(frozen=True)
class FilePolicy:
    """Which files a request may carry. `names`: the fields, the documented one first. Where `is_each_reported`, a file
    that is not accepted is yielded with its reason and the request continues; otherwise it ends the request. The rest
    of such files is skipped, up to `max_skipped_bytes` in one request. With `memory` files are not written to disk as
    long as some is left, and are read as a whole."""

    names: tuple[str, ...]
    max_files: int
    max_file_bytes: int
    is_each_reported: bool = False
    max_skipped_bytes: int = MULTIPART_BYTES
    memory: SpoolMemory | None = None

    @property
    def max_body_bytes(self) -> int:
        return self.max_files * (self.max_file_bytes + MULTIPART_BYTES) + self.max_skipped_bytes


async def receive_files(request: Request, policy: FilePolicy) -> AsyncGenerator[ReceivedFile]:
    """Yields the files in order, each when it is complete or known to be rejected.

    The receiver closes each file. Raises Problem if there is no file, or if the body cannot be read further; files
    yielded before that are valid.
    """
    form = _Form(_read_boundary(request, policy), policy)
    try:
        async for chunk in read_body(request, policy.max_body_bytes):
            view = memoryview(chunk)
            for start in range(0, len(chunk), SLICE_BYTES):
                async for file in form.feed(view[start : start + SLICE_BYTES]):
                    yield file
                await asyncio.sleep(0)
        async for file in form.finish():
            yield file
    except (MalformedMultipart, Problem) as fault:
        if (broken := form.interrupt()) is not None:
            yield broken
        raise (fault if isinstance(fault, Problem) else malformed(str(fault))) from None
    finally:
        form.close()


class _Form:
    """The state of the parser of one body."""

    def __init__(self, boundary: bytes, policy: FilePolicy) -> None:
        try:
            self._parser = MultipartParser(boundary)
        except MalformedMultipart as fault:
            raise malformed(str(fault)) from None
        self._policy = policy
        self._current: ReceivedFile | None = None
        self._is_empty = True
        self._count = self._skipped = 0

    async def feed(self, chunk: memoryview) -> AsyncIterator[ReceivedFile]:
        self._is_empty = False
        for event in self._parser.feed(chunk):
            if isinstance(event, PartBegin):
                self._current = self._begin(event.headers)
            elif isinstance(event, PartData):
                await self._append(event.data)
            elif (file := await self._end()) is not None:
                yield file

    async def finish(self) -> AsyncIterator[ReceivedFile]:
        if self._is_empty:
            raise Problem(400, "empty_body", "The request has no body.")
        for _ in self._parser.finish():
            if (file := await self._end()) is not None:
                yield file
        if not self._count:
            raise missing(self._policy)

    def interrupt(self) -> ReceivedFile | None:
        """Rejects and returns the unfinished file, if any."""
        file, self._current = self._current, None
        if file is not None:
            file.reject("incomplete")
        return file

    def close(self) -> None:
        if self._current is not None:
            self._current.close()

    def _begin(self, headers: Mapping[bytes, bytes]) -> ReceivedFile | None:
        _, options = parse_options(headers.get(b"content-disposition", b""))
        filename = file_name(options)
        is_ours = field_name(options) in self._policy.names
        if not is_ours and (filename is None or not self._policy.is_each_reported):
            return None
        self._count += 1
        is_excess = self._count > self._policy.max_files
        if is_excess and not self._policy.is_each_reported:
            raise too_many(self._policy)
        file = ReceivedFile(clean_filename(filename or ""), self._policy.memory)
        if is_excess or not is_ours:
            file.reject("too_many_files" if is_ours else "unexpected_field")
        return file

    async def _append(self, data: bytes) -> None:
        file = self._current
        if file is not None and not file.reason:
            if file.size_bytes + len(data) <= self._policy.max_file_bytes:
                await file.append(data)
                return
            if not self._policy.is_each_reported:
                raise file_too_large(self._policy.max_file_bytes)
            file.reject("too_large")
        self._skipped += len(data)
        if self._skipped > self._policy.max_skipped_bytes:
            raise too_large(self._policy.max_skipped_bytes)

    async def _end(self) -> ReceivedFile | None:
        file, self._current = self._current, None
        if file is not None and not file.reason:
            if file.size_bytes:
                await file.flush()
            elif self._policy.is_each_reported:
                file.reject("empty_image")
        return file


def _read_boundary(request: Request, policy: FilePolicy) -> bytes:
    content_type = request.headers.get("content-type", "").encode("latin-1")
    media_type, options = parse_options(content_type)
    if media_type != b"multipart/form-data":
        if request.headers.get("content-length", "") == "0":
            raise Problem(400, "empty_body", "The request has no body.")
        raise missing(policy)
    if not options.get(b"boundary"):
        raise malformed("The Content-Type names no boundary; let your HTTP client set this header.")
    return options[b"boundary"]


def missing(policy: FilePolicy) -> Problem:
    name = policy.names[0]
    message = f"Send the image as multipart/form-data in the field `{name}`."
    return invalid_form([FieldError(field=name, reason="missing", message=message)])


def too_many(policy: FilePolicy) -> Problem:
    files = "file is" if policy.max_files == 1 else "files are"
    return Problem(400, "too_many_files", f"At most {policy.max_files} {files} accepted in one request.")


def file_too_large(max_bytes: int) -> Problem:
    return Problem(413, "too_large", f"The file is larger than {max_bytes / 1e6:g} MB.")


def malformed(detail: str) -> Problem:
    return Problem(400, "malformed_multipart", detail)
