"""Reading request bodies: never more bytes and never longer than granted. uvicorn limits neither."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from gateway.limits import MAX_JSON_BYTES, MIN_BYTES_PER_S, Limits
from gateway.problems import Problem
from gateway.strict_json import MalformedJson, parse


def too_large(max_bytes: int) -> Problem:
    return Problem(413, "too_large", f"The request has more than the {max_bytes} bytes that are taken.")


class Patience:
    """How long a body may keep us waiting. Each byte buys time, and none is saved up: who sends a lot and then drips
    is given up as well."""

    def __init__(self, most_s: float) -> None:
        self.left_s = self._most_s = most_s

    def spend(self, waited_s: float, received_bytes: int) -> None:
        self.left_s = min(self._most_s, self.left_s - waited_s + received_bytes / MIN_BYTES_PER_S)


async def read_body(request: Request, max_bytes: int) -> AsyncIterator[bytes]:
    """The body in chunks as they come. Raises 413 as soon as it is too large and 408 when it comes too slowly."""
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced[:20]) > max_bytes:
        raise too_large(max_bytes)
    limits: Limits = request.app.state.limits
    chunks = request.stream()
    now = asyncio.get_running_loop().time
    patience, received = Patience(limits.body_s), 0
    while True:
        waits_from = now()
        try:
            async with asyncio.timeout(patience.left_s):
                chunk = await anext(chunks, None)
        except TimeoutError:
            raise Problem(408, "request_timeout", "The request came too slowly.") from None
        if chunk is None:
            return
        received += len(chunk)
        patience.spend(now() - waits_from, len(chunk))
        if received > max_bytes:
            raise too_large(max_bytes)
        if chunk:
            yield chunk


class JsonRequest(Request):
    """A request whose body is small and strict JSON."""

    async def body(self) -> bytes:
        if not hasattr(self, "_body"):
            _require_json(self.headers.get("content-type", ""))
            self._body = b"".join([chunk async for chunk in read_body(self, MAX_JSON_BYTES)])
            if not self._body:
                raise _malformed()
        return self._body

    async def json(self) -> Any:
        try:
            return parse(await self.body())
        except MalformedJson:
            raise _malformed() from None


class JsonRoute(APIRoute):
    """A route that reads its body as JsonRequest does."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_strictly(request: Request) -> Response:
            return await handle(JsonRequest(request.scope, request.receive))

        return handle_strictly


def _require_json(content_type: str) -> None:
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise Problem(415, "unsupported_media_type", "Send JSON, with Content-Type: application/json.")


def _malformed() -> Problem:
    return Problem(400, "malformed_json", "The body is not JSON that is taken.")
