"""Per-kind concurrency limits and deadlines of request bodies; excess load is shed with 503."""

import asyncio
import math
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.errors.problem import Problem, to_response
from gateway.http.authentication import find_token
from gateway.http.limits import MIN_BYTES_PER_S, Bounds, Limits
from gateway.http.middleware import QUIET
from kit.errors import InvalidToken
from kit.identity import USER, Caller, Verifier

STREAM = "/api/rematch-events"
UPDATES = "/api/updates"
SELFIE = "/api/upload-selfie"
EVENT_UPDATES = re.compile(r"/api/events/[^/]+/updates")
ARCHIVES = ("/api/my-photos.zip", "/photos.zip")  # how their paths end
BODILESS = ("GET", "HEAD", "DELETE", "OPTIONS")
RETRY_S = 1
TURN_S = 2  # the longest wait for a slot
CALM_S = 1
PARTS_AT_ONCE = 2  # of all archives: the other streams of the service are for pictures that are shown
SWIFT_S = 0.02  # a body that is not complete by then holds no slot while it arrives


def follows_updates(path: str) -> bool:
    """Whether an answer goes on as long as its page is open."""
    return path == UPDATES or EVENT_UPDATES.fullmatch(path) is not None


class ConcurrencyLimiter:
    """A number of slots, and a short queue for those who come at the same moment.

    When the queue is full, newcomers are rejected as long as they keep coming, until none had to be for CALM_S: under
    overload, accepted requests do not wait. (A queue that never empties serves no more people, and all of them late:
    B. Maurer, Fail at Scale, ACM Queue 13(8), 2015.)
    """

    def __init__(self, count: int, max_waiting: int = 0) -> None:
        self._free = asyncio.Semaphore(count)
        self._max_waiting = max_waiting
        self._waiting = 0
        self._rejected_at = -math.inf

    def admits(self) -> bool:
        """Whether a newcomer may `acquire` a slot."""
        if not self._free.locked():
            return True
        now = asyncio.get_running_loop().time()
        if self._waiting < self._max_waiting and now - self._rejected_at >= CALM_S:
            return True
        self._rejected_at = now
        return False

    async def acquire(self, timeout_s: float = TURN_S) -> None:
        """Raises TimeoutError."""
        self._waiting += 1
        try:
            async with asyncio.timeout(timeout_s):
                await self._free.acquire()
        finally:
            self._waiting -= 1

    def release(self) -> None:
        self._free.release()

    @asynccontextmanager
    async def slot(self, timeout_s: float) -> AsyncIterator[None]:
        """Raises TimeoutError."""
        await self.acquire(timeout_s)
        try:
            yield
        finally:
            self.release()


class OpenBodies:
    """Bodies that are arriving. Of those whose callers are verified, excess ones are rejected; of the others the
    oldest is cut off, so that many slow ones do not keep anyone from logging in."""

    def __init__(self, count: int, per_caller: int) -> None:
        self._count = count
        self._per_caller = per_caller
        self._verified: Counter[UUID] = Counter()
        self._others: dict[Slot, None] = {}

    def admits(self, caller: Caller | None) -> bool:
        if caller is None:
            return True
        return self._verified.total() < self._count and self._verified[caller.user_id] < self._per_caller

    def enter(self, slot: "Slot", caller: Caller | None) -> None:
        if caller is not None:
            self._verified[caller.user_id] += 1
            return
        if len(self._others) >= self._count:
            next(iter(self._others)).cut_off()
        self._others[slot] = None

    def leave(self, slot: "Slot", caller: Caller | None) -> None:
        if caller is None:
            self._others.pop(slot, None)
            return
        self._verified[caller.user_id] -= 1
        if not self._verified[caller.user_id]:
            del self._verified[caller.user_id]


class Limiters:
    """All limits of one process. `photos` counts files on their way to the service, not requests, and `archive_parts`
    the parts of pictures that archives fetch."""

    def __init__(self, bounds: Bounds) -> None:
        self.bodies = OpenBodies(bounds.bodies, bounds.bodies_per_caller)
        self.requests = ConcurrencyLimiter(bounds.requests, bounds.waiting)
        self.selfies = ConcurrencyLimiter(bounds.selfies, bounds.waiting)
        self.photos = ConcurrencyLimiter(bounds.photos, bounds.waiting)
        self.streams = ConcurrencyLimiter(bounds.streams)
        self.updates = ConcurrencyLimiter(bounds.updates)
        self.archives = ConcurrencyLimiter(bounds.archives)
        self.archive_parts = asyncio.Semaphore(PARTS_AT_ONCE)

    def choose(self, path: str, headers: Headers, caller: Caller | None) -> ConcurrencyLimiter:
        if path == STREAM:
            return self.streams
        if follows_updates(path):
            return self.updates
        if path.endswith(ARCHIVES):
            return self.archives
        if caller is None:
            return self.requests
        if path == SELFIE:
            return self.selfies
        return self.photos if headers.get("content-type", "").startswith("multipart/") else self.requests


class TransferDeadline:
    """When the next bytes of a body are due. With a verified caller it may pause, as on a phone that changes networks;
    MIN_BYTES_PER_S bounds the whole of it. Without one it has a fixed time for all of its bytes."""

    def __init__(self, limits: Limits, is_verified: bool, now: float) -> None:
        self._pause_s = limits.pause_s if is_verified else limits.body_s
        self._ends_at = now + (limits.slowest_s if is_verified else limits.body_s)
        self._buys_s = 1 / MIN_BYTES_PER_S if is_verified else 0.0

    def next_at(self, now: float) -> float:
        return min(now + self._pause_s, self._ends_at)

    def count(self, received_bytes: int) -> None:
        self._ends_at += received_bytes * self._buys_s


class Admission:
    """Inside Boundary. No body is read before there is a slot for the request, and `scope["caller"]` tells whose token
    was verified; a body that takes its time gives the slot back until it is complete. Health is always answered."""

    def __init__(self, app: ASGIApp, limiters: Limiters, limits: Limits, verifier: Verifier) -> None:
        self._app = app
        self._limiters = limiters
        self._limits = limits
        self._verifier = verifier

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in QUIET:
            return await self._app(scope, receive, send)
        headers = Headers(scope=scope)
        has_body = _has_body(scope["method"], headers)
        scope["has_body"] = has_body
        scope["caller"] = caller = (
            self._identify(scope, headers) if has_body or follows_updates(scope["path"]) else None
        )
        bodies = self._limiters.bodies
        limiter = self._limiters.choose(scope["path"], headers, caller if has_body else Caller())
        if not limiter.admits() or (has_body and not bodies.admits(caller)):
            return await to_response(overloaded(), scope["request_id"])(scope, receive, send)
        deadline = TransferDeadline(self._limits, caller is not None, asyncio.get_running_loop().time())
        # Files of photos take slots of their own, one by one.
        slot = Slot(receive, None if has_body and limiter is self._limiters.photos else limiter, deadline)
        try:
            await slot.enter(bodies if has_body else None, caller)
        except Problem as problem:
            return await to_response(problem, scope["request_id"])(scope, receive, send)
        try:
            await self._app(scope, slot.receive, send)
        finally:
            slot.end()

    def _identify(self, scope: Scope, headers: Headers) -> Caller | None:
        """The user whose valid token the request bears."""
        try:
            caller = self._verifier.verify(find_token(scope, headers))
        except InvalidToken:
            return None
        return caller if caller.kind == USER else None


class Slot:
    """What one request holds: one of the open bodies until its own is complete, and a slot of its kind except while
    that body is slow."""

    def __init__(self, receive: Receive, limiter: ConcurrencyLimiter | None, deadline: TransferDeadline) -> None:
        self._receive = receive
        self._limiter = limiter
        self._deadline = deadline
        self._bodies: OpenBodies | None = None
        self._caller: Caller | None = None
        self._holds_slot = self._is_cut_off = False
        self._yielding: asyncio.TimerHandle | None = None
        self._waiting: asyncio.Timeout | None = None

    async def enter(self, bodies: OpenBodies | None, caller: Caller | None) -> None:
        """Raises Problem."""
        self._bodies, self._caller = bodies, caller
        if bodies:
            bodies.enter(self, caller)
        if bodies and caller is None:
            return  # holds nothing while it arrives
        try:
            await self._acquire()
        except BaseException:
            self.end()
            raise
        if bodies:
            self._yielding = asyncio.get_running_loop().call_later(SWIFT_S, self._release)

    async def receive(self) -> Message:
        """Raises Problem where the body is too slow, and where no slot becomes free for a complete one."""
        if not self._bodies:
            return await self._receive()
        now = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout_at(now if self._is_cut_off else self._deadline.next_at(now)) as self._waiting:
                message = await self._receive()
        except TimeoutError:
            self._end_body()
            raise Problem(408, "request_timeout", "The request arrived too slowly.") from None
        finally:
            self._waiting = None
        self._deadline.count(len(message.get("body", b"")))
        if message["type"] == "http.request" and not message.get("more_body"):
            is_newcomer = self._caller is None
            self._end_body()
            if not self._holds_slot:
                if is_newcomer and self._limiter and not self._limiter.admits():
                    raise overloaded()
                await self._acquire()
        return message

    def cut_off(self) -> None:
        """Makes room for another body: the wait for the next bytes ends now."""
        self._is_cut_off = True
        if self._waiting:
            self._waiting.reschedule(asyncio.get_running_loop().time())
        self._leave_bodies()

    def end(self) -> None:
        self._end_body()
        self._release()

    async def _acquire(self) -> None:
        if self._limiter is None:
            return
        try:
            await self._limiter.acquire()
        except TimeoutError:
            raise overloaded() from None
        self._holds_slot = True

    def _release(self) -> None:
        if self._limiter and self._holds_slot:
            self._limiter.release()
        self._holds_slot = False

    def _end_body(self) -> None:
        if self._yielding:
            self._yielding.cancel()
        self._leave_bodies()
        self._bodies = self._yielding = None

    def _leave_bodies(self) -> None:
        if self._bodies:
            self._bodies.leave(self, self._caller)


def _has_body(method: str, headers: Headers) -> bool:
    return method not in BODILESS and ("transfer-encoding" in headers or headers.get("content-length", "0") != "0")


def overloaded() -> Problem:
    """What a client gets whose request is shed."""
    return Problem(503, "overloaded", "Too much at once; try again shortly.", headers={"Retry-After": str(RETRY_S)})
