"""Forwards the photos of one request to matcher_service: one call for each, as soon as it is complete."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import grpc
from fastapi import Request

from gateway.backends.channels import Backends
from gateway.errors.from_grpc import has_reason, refusal, to_problem
from gateway.errors.problem import Problem
from gateway.errors.schemas import FieldError
from gateway.http.admission import overloaded
from gateway.http.limiters import ConcurrencyLimiter
from gateway.http.spool import ReceivedFile
from gateway.http.uploads import FilePolicy, file_too_large, receive_files, too_many
from kit.rpc.retries import repeat_aio
from protos.matcher.v1 import photo_pb2 as pb

CHUNK_BYTES = 256 * 1024
FILES_AT_ONCE = 2  # of one request: one is forwarded while the next one arrives
TURN_S = 60.0  # a received file waits longer for a slot than a new request
RETRY_S = 0.05
PASSING = (429, 503, 504)
EVENT_WIDE = (401, 403, 404, 409)  # these apply to all files of the event


@dataclass
class Result:
    """The result of one file: a stored photo, or a problem."""

    filename: str
    photo: pb.AddedPhoto | None = None
    problem: Problem | None = None


class PhotoUpload:
    """Forwards the files of one request. Received files are kept even if the rest of the body fails."""

    def __init__(
        self, backend: Backends, event_id: str, limiter: ConcurrencyLimiter, policy: FilePolicy, replace: bool
    ) -> None:
        self._backend = backend
        self._event_id = event_id
        self._replace = replace
        self._names: set[str] = set()
        self._began_s = time.monotonic()
        self._limiter = limiter
        self._policy = policy
        self._results: list[Result] = []
        self._turn = asyncio.Semaphore(FILES_AT_ONCE)
        self._running: set[asyncio.Task[None]] = set()

    async def run(self, request: Request) -> list[Result]:
        """Returns a result for each file, in order. Raises Problem if no file was kept, and if the client or the
        gateway cannot continue; files kept until then stay kept."""
        fault: Problem | None = None
        try:
            await self._receive(request)
        except Problem as problem:
            fault = problem
        finally:
            await asyncio.gather(*self._running)
        if not any(result.photo for result in self._results) or (fault and fault.status_code in (408, *PASSING)):
            raise fault or self._summarise()
        if fault:
            self._results.append(Result("", problem=fault))
        return self._results

    async def _receive(self, request: Request) -> None:
        async with aclosing(receive_files(request, self._policy)) as files:
            async for file in files:
                result = Result(file.filename)
                self._results.append(result)
                if file.reason:
                    result.problem = self._refuse(file.reason)
                    continue
                await self._turn.acquire()
                if problem := self._find_event_wide():
                    file.close()
                    raise problem
                task = asyncio.create_task(self._hand_on(file, result))
                self._running.add(task)
                task.add_done_callback(self._running.discard)

    async def _hand_on(self, file: ReceivedFile, result: Result) -> None:
        try:
            async with self._limiter.slot(TURN_S):
                photo = await self._send(file)
            if photo.reason:
                result.problem = self._refuse(photo.reason.lower())
            else:
                result.photo = photo
        except TimeoutError:
            result.problem = overloaded()
        except grpc.aio.AioRpcError as error:
            result.problem = to_problem(error)
        finally:
            file.close()
            self._turn.release()

    async def _send(self, file: ReceivedFile) -> pb.AddedPhoto:
        """Sends the file, waiting while the service has no free thread. Raises AioRpcError."""
        header = pb.AddPhotoHeader(event_id=self._event_id, filename=file.filename, replace=self._may_replace(file))

        def begin(left_s: float) -> Any:
            header.age.FromTimedelta(timedelta(seconds=time.monotonic() - self._began_s))
            return self._backend.photos.AddPhotos(_messages(header, file), timeout=left_s)

        ends_at = asyncio.get_running_loop().time() + self._backend.limits.photo_s
        while True:
            left_s = ends_at - asyncio.get_running_loop().time()
            try:
                answer = await repeat_aio(begin, left_s)
                return answer.photos[0]  # type: ignore[no-any-return]  # the stub has no types
            except grpc.aio.AioRpcError as error:
                if not has_reason(error, "too_many_streams") or left_s < 2 * RETRY_S:
                    raise
            await asyncio.sleep(RETRY_S)

    def _may_replace(self, file: ReceivedFile) -> bool:
        """Of several files with the same name in a request only the first replaces: the next would replace it."""
        is_first = file.filename not in self._names
        self._names.add(file.filename)
        return self._replace and is_first

    def _refuse(self, reason: str) -> Problem:
        if reason == "too_large":
            return file_too_large(self._policy.max_file_bytes)
        return too_many(self._policy) if reason == "too_many_files" else refusal(reason)

    def _find_event_wide(self) -> Problem | None:
        """The problem that applies to every file of this request, if any."""
        if any(result.photo for result in self._results):
            return None
        problems = (result.problem for result in self._results if result.problem)
        return next((problem for problem in problems if problem.status_code in EVENT_WIDE), None)

    def _summarise(self) -> Problem:
        """The problem of a request without a kept file: a temporary one if any, else that of the first file."""
        refused = [(result.filename, result.problem) for result in self._results if result.problem]
        first = next((problem for _, problem in refused if problem.status_code in PASSING), refused[0][1])
        if len(refused) > 1:
            first.errors = [FieldError(field=name, reason=p.reason, message=p.detail) for name, p in refused]
        return first


async def _messages(header: pb.AddPhotoHeader, file: ReceivedFile) -> AsyncIterator[pb.AddPhotosRequest]:
    yield pb.AddPhotosRequest(header=header)
    async for chunk in file.chunks(CHUNK_BYTES):
        yield pb.AddPhotosRequest(chunk=chunk)
