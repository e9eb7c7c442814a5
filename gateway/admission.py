"""Who may come in: so many requests at work, so many bodies on their way, so many streams; the rest is told at once."""

import asyncio
from typing import Literal

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.boundary import QUIET
from gateway.limits import Bounds
from gateway.problems import Problem, to_response

STREAM = "/api/rematch-events"
SELFIE = "/api/upload-selfie"
BODILESS = ("GET", "HEAD", "DELETE", "OPTIONS")
RETRY_S = 1
TURN_S = 1


class Places(asyncio.Semaphore):
    """So many at once, and as many again who wait for their turn."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self._count = count
        self._waiting = 0

    def is_crowded(self) -> bool:
        return self._waiting >= self._count

    async def acquire(self) -> Literal[True]:
        self._waiting += 1
        try:
            return await super().acquire()
        finally:
            self._waiting -= 1


class Admission:
    """Inside Boundary. A body is let in only where its request could be worked on now; when it is complete it goes
    before newcomers, so that a slow phone is not sent away at the end. Health is always told."""

    def __init__(self, app: ASGIApp, bounds: Bounds) -> None:
        self._app = app
        self._bodies = Places(bounds.bodies)
        self._requests = Places(bounds.requests)
        self._selfies = Places(bounds.selfies)
        self._photos = Places(bounds.photos)
        self._streams = Places(bounds.streams)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in QUIET:
            return await self._app(scope, receive, send)
        headers = Headers(scope=scope)
        places = self._places(scope["path"], headers)
        first = self._bodies if _has_body(scope["method"], headers) else places
        if places.locked() or first.locked():
            return await to_response(_overloaded(), scope["request_id"])(scope, receive, send)
        visit = Visit(receive, places)
        await visit.enter(first)
        try:
            await self._app(scope, visit.receive, send)
        finally:
            visit.leave()

    def _places(self, path: str, headers: Headers) -> Places:
        if path == STREAM:
            return self._streams
        if path == SELFIE:
            return self._selfies
        return self._photos if headers.get("content-type", "").startswith("multipart/") else self._requests


class Visit:
    """One request, and the place that it holds: first among the bodies where it has one, then among those at work."""

    def __init__(self, receive: Receive, places: Places) -> None:
        self._receive = receive
        self._places = places
        self._held: Places | None = None

    async def receive(self) -> Message:
        """Raises Problem where no place becomes free for a complete body."""
        message = await self._receive()
        if message["type"] == "http.request" and not message.get("more_body") and self._held is not self._places:
            self.leave()
            if self._places.is_crowded():
                raise _overloaded()
            try:
                async with asyncio.timeout(TURN_S):
                    await self.enter(self._places)
            except TimeoutError:
                raise _overloaded() from None
        return message

    async def enter(self, places: Places) -> None:
        await places.acquire()
        self._held = places

    def leave(self) -> None:
        if self._held is not None:
            self._held.release()
            self._held = None


def _has_body(method: str, headers: Headers) -> bool:
    return method not in BODILESS and ("transfer-encoding" in headers or headers.get("content-length", "0") != "0")


def _overloaded() -> Problem:
    return Problem(503, "overloaded", "Too much at once; try again shortly.", headers={"Retry-After": str(RETRY_S)})
