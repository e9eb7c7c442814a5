"""Calls of GetPhoto, which stream a picture from matcher_service."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar

import grpc

from gateway.backends.channels import Backends
from gateway.errors.from_grpc import default_problem
from gateway.errors.problem import internal_problem
from kit.rpc.retries import repeat_aio
from protos.matcher.v1 import photo_pb2 as pb

RETRY_S = 0.05

Answer = TypeVar("Answer")


async def open_picture(backend: Backends, request: pb.GetPhotoRequest) -> tuple[Any, pb.PhotoHeader]:
    """An open call whose header has been read."""
    return await _ask(backend, lambda left_s: _begin(backend, request, left_s))


async def read_part(backend: Backends, request: pb.GetPhotoRequest) -> tuple[pb.PhotoHeader, bytes]:
    """Reads a part that fits into memory at once, so that a slow client holds no thread of the service."""
    return await _ask(backend, lambda left_s: _read(backend, request, left_s))


async def _ask(backend: Backends, ask: Callable[[float], Awaitable[Answer]]) -> Answer:
    """Waits for a stream, as a page of thumbs requests more streams at once than a service allows."""
    clock = asyncio.get_running_loop().time
    ends_at = clock() + backend.limits.call_s
    while True:
        try:
            async with asyncio.timeout(backend.limits.call_s):
                return await repeat_aio(ask, backend.limits.picture_s)
        except TimeoutError:
            raise default_problem(grpc.StatusCode.DEADLINE_EXCEEDED) from None
        except grpc.aio.AioRpcError as error:
            if error.code() != grpc.StatusCode.RESOURCE_EXHAUSTED or clock() >= ends_at:
                raise
            await asyncio.sleep(random.uniform(RETRY_S, 3 * RETRY_S))


async def _begin(backend: Backends, request: pb.GetPhotoRequest, timeout_s: float) -> tuple[Any, pb.PhotoHeader]:
    call = backend.photos.GetPhoto(request, timeout=timeout_s)
    try:
        first = await call.read()
        if not isinstance(first, pb.GetPhotoResponse) or first.WhichOneof("part") != "header":
            raise internal_problem()
    except BaseException:
        call.cancel()
        raise
    return call, first.header


async def _read(backend: Backends, request: pb.GetPhotoRequest, timeout_s: float) -> tuple[pb.PhotoHeader, bytes]:
    call, header = await _begin(backend, request, timeout_s)
    return header, b"".join([chunk async for chunk in read_chunks(call)])


async def read_chunks(call: Any) -> AsyncIterator[bytes]:
    """Cancels the call when the reader disconnects."""
    try:
        while (message := await call.read()) is not grpc.aio.EOF:
            yield message.chunk
    finally:
        call.cancel()
