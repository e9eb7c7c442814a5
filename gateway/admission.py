"""Who may come in: so many requests at work, so many bodies on their way, so many streams; the rest is told at once."""

import asyncio
import math

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.boundary import QUIET
from gateway.limits import Bounds
from gateway.problems import Problem, to_response

STREAM = "/api/rematch-events"
SELFIE = "/api/upload-selfie"
BODILESS = ("GET", "HEAD", "DELETE", "OPTIONS")
RETRY_S = 1
TURN_S = 2  # the longest wait for a place
CALM_S = 1
SWIFT_S = 0.02  # a body that is not here by then keeps no place from others


class Places:
    """So many at once, and a short queue for those who come at the same moment.

    When the queue is full, newcomers are sent away as long as they keep coming, until nobody had to be for CALM_S: who
    comes in while there is too much then waits for nobody. (A queue that never empties serves no more people, and all
    of them late: B. Maurer, Fail at Scale, ACM Queue 13(8), 2015.)
    """

    def __init__(self, count: int, max_waiting: int = 0) -> None:
        self._free = asyncio.Semaphore(count)
        self._max_waiting = max_waiting
        self._waiting = 0
        self._refused_at = -math.inf

    def admits(self) -> bool:
        """Whether a newcomer may `take` a place."""
        if not self._free.locked():
            return True
        now = asyncio.get_running_loop().time()
        if self._waiting < self._max_waiting and now - self._refused_at >= CALM_S:
            return True
        self._refused_at = now
        return False

    async def take(self) -> None:
        """Raises TimeoutError."""
        self._waiting += 1
        try:
            async with asyncio.timeout(TURN_S):
                await self._free.acquire()
        finally:
            self._waiting -= 1

    def give_back(self) -> None:
        self._free.release()


class Crowd:
    """All places of one process."""

    def __init__(self, bounds: Bounds) -> None:
        self.bodies = Places(bounds.bodies)
        self.requests = Places(bounds.requests, bounds.waiting)
        self.selfies = Places(bounds.selfies, bounds.waiting)
        self.photos = Places(bounds.photos, bounds.waiting)
        self.streams = Places(bounds.streams)

    def places(self, path: str, headers: Headers) -> Places:
        if path == STREAM:
            return self.streams
        if path == SELFIE:
            return self.selfies
        return self.photos if headers.get("content-type", "").startswith("multipart/") else self.requests


class Admission:
    """Inside Boundary. Nobody's body is read before there is a place for the request. A body that takes its time is
    waited for without one, and at its end need not fear to be sent away as a newcomer would be. Health is always told.
    """

    def __init__(self, app: ASGIApp, crowd: Crowd) -> None:
        self._app = app
        self._crowd = crowd

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in QUIET:
            return await self._app(scope, receive, send)
        headers = Headers(scope=scope)
        places = self._crowd.places(scope["path"], headers)
        bodies = self._crowd.bodies if _has_body(scope["method"], headers) else None
        if not places.admits() or (bodies and not bodies.admits()):
            return await to_response(overloaded(), scope["request_id"])(scope, receive, send)
        visit = Visit(receive, places, bodies)
        try:
            await visit.enter()
        except Problem as problem:
            return await to_response(problem, scope["request_id"])(scope, receive, send)
        try:
            await self._app(scope, visit.receive, send)
        finally:
            visit.end()


class Visit:
    """One request and the places that it holds: one at work but while its body is slow, one among the bodies until its
    own is complete."""

    def __init__(self, receive: Receive, places: Places, bodies: Places | None) -> None:
        self._receive = receive
        self._places = places
        self._bodies = bodies
        self._is_at_work = False
        self._slow: asyncio.TimerHandle | None = None

    async def enter(self) -> None:
        """Raises Problem."""
        if self._bodies:
            await self._bodies.take()
        try:
            await self._work()
        except BaseException:
            self.end()
            raise
        if self._bodies:
            self._slow = asyncio.get_running_loop().call_later(SWIFT_S, self._step_back)

    async def receive(self) -> Message:
        """Raises Problem where no place becomes free for a complete body."""
        message = await self._receive()
        if self._bodies and message["type"] == "http.request" and not message.get("more_body"):
            self._end_body()
            if not self._is_at_work:
                await self._work()
        return message

    def end(self) -> None:
        self._end_body()
        self._step_back()

    async def _work(self) -> None:
        try:
            await self._places.take()
        except TimeoutError:
            raise overloaded() from None
        self._is_at_work = True

    def _step_back(self) -> None:
        if self._is_at_work:
            self._places.give_back()
            self._is_at_work = False

    def _end_body(self) -> None:
        if self._slow:
            self._slow.cancel()
        if self._bodies:
            self._bodies.give_back()
        self._bodies = self._slow = None


def _has_body(method: str, headers: Headers) -> bool:
    return method not in BODILESS and ("transfer-encoding" in headers or headers.get("content-length", "0") != "0")


def overloaded() -> Problem:
    """What everybody is told who is sent away."""
    return Problem(503, "overloaded", "Too much at once; try again shortly.", headers={"Retry-After": str(RETRY_S)})
