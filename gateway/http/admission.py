"""Per-kind concurrency limits and deadlines of request bodies; excess load is shed with 503."""

import asyncio
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.errors.problem import Problem, to_response
from gateway.http.authentication import authentication_required, find_token
from gateway.http.limiters import SELFIE, ConcurrencyLimiter, Limiters, OpenBodies
from gateway.http.limits import MIN_BYTES_PER_S, Limits
from gateway.http.middleware import QUIET
from kit.errors import InvalidToken
from kit.rpc.identity import USER, Caller, Verifier

BODILESS = ("GET", "HEAD", "DELETE", "OPTIONS")
RETRY_S = 1
SWIFT_S = 0.02  # a body that takes longer to arrive releases its slot meanwhile


class TransferDeadline:
    """The time by which the next bytes of a body must arrive. The body of a verified caller may pause, as on a phone
    that changes networks, and MIN_BYTES_PER_S bounds its total time; any other body has a fixed total time."""

    def __init__(self, limits: Limits, is_verified: bool, now: float) -> None:
        self._pause_s = limits.pause_s if is_verified else limits.body_s
        self._ends_at = now + (limits.slowest_s if is_verified else limits.body_s)
        self._buys_s = 1 / MIN_BYTES_PER_S if is_verified else 0.0

    def next_at(self, now: float) -> float:
        return min(now + self._pause_s, self._ends_at)

    def count(self, received_bytes: int) -> None:
        self._ends_at += received_bytes * self._buys_s


class Admission:
    """Runs inside RequestMiddleware. No body is read before a slot is available. `scope["caller"]` is the id of the
    verified caller, whose share of the slots is limited; `scope["is_of_service"]` says that the token is one of a
    service or of a download. A request with a slow body releases its slot until the body is complete. Health checks
    are always answered. A selfie without a valid token is rejected here, as its route would, for half the processor
    time."""

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
        caller = self._identify(scope, headers)
        scope["is_of_service"] = caller is not None and caller.kind != USER
        scope["caller"] = caller = None if scope["is_of_service"] else caller
        if has_body and caller is None and _is_plain_selfie(scope):
            scope["route"] = KnownRoute(SELFIE)
            return await to_response(authentication_required(), scope["request_id"])(scope, receive, send)
        limiter = self._limiters.choose(scope["path"], headers, caller if has_body else Caller())
        share = self._limiters.share(limiter) if caller else None
        if caller is None or share is None:
            return await self._admit(scope, receive, send, limiter)
        try:
            await share.enter(caller.user_id)
        except Problem as problem:
            return await to_response(problem, scope["request_id"])(scope, receive, send)
        try:
            await self._admit(scope, receive, send, limiter)
        finally:
            share.leave(caller.user_id)

    async def _admit(self, scope: Scope, receive: Receive, send: Send, limiter: ConcurrencyLimiter) -> None:
        has_body, caller, bodies = scope["has_body"], scope["caller"], self._limiters.bodies
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
        """The caller whose valid token the request carries."""
        try:
            return self._verifier.verify(find_token(scope, headers))
        except InvalidToken:
            return None


@dataclass(frozen=True)
class KnownRoute:
    """The route of a request that is rejected before routing, for the access log and the metrics."""

    path: str


class Slot:
    """The resources of one request: a place among the open bodies until its body is complete, and a slot of its kind
    except while a slow body arrives."""

    def __init__(self, receive: Receive, limiter: ConcurrencyLimiter | None, deadline: TransferDeadline) -> None:
        self._receive = receive
        self._limiter = limiter
        self._deadline = deadline
        self._bodies: OpenBodies | None = None
        self._caller: Caller | None = None
        self._holds_slot = self._is_cut_off = self._has_yielded = False
        self._yielding: asyncio.TimerHandle | None = None
        self._waiting: asyncio.Timeout | None = None

    async def enter(self, bodies: OpenBodies | None, caller: Caller | None) -> None:
        """Raises Problem."""
        self._bodies, self._caller = bodies, caller
        if bodies:
            bodies.enter(self, caller)
        if bodies and caller is None:
            return  # an unverified body holds no slot while it arrives
        try:
            await self._acquire(is_newcomer=True)
        except BaseException:
            self.end()
            raise
        if bodies:
            self._yielding = asyncio.get_running_loop().call_later(SWIFT_S, self._yield_slot)

    async def receive(self) -> Message:
        """Raises Problem if the body is too slow, or if no slot becomes free for a complete one."""
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
        """Ends the wait for the next bytes now, to make room for another body."""
        self._is_cut_off = True
        if self._waiting:
            self._waiting.reschedule(asyncio.get_running_loop().time())
        self._leave_bodies()

    def end(self) -> None:
        self._end_body()
        self._release()

    async def _acquire(self, is_newcomer: bool = False) -> None:
        if self._limiter is None:
            return
        try:
            await (self._limiter.enter() if is_newcomer else self._limiter.enter_complete())
        except TimeoutError:
            raise overloaded() from None
        self._holds_slot = True

    def _yield_slot(self) -> None:
        """Releases the slot of a slow body to other requests."""
        if self._limiter:
            self._limiter.arrivals.begin()
            self._has_yielded = True
        self._release()

    def _release(self) -> None:
        if self._limiter and self._holds_slot:
            self._limiter.release()
        self._holds_slot = False

    def _end_body(self) -> None:
        if self._yielding:
            self._yielding.cancel()
        if self._limiter and self._has_yielded:
            self._limiter.arrivals.end()
            self._has_yielded = False
        self._leave_bodies()
        self._bodies = self._yielding = None

    def _leave_bodies(self) -> None:
        if self._bodies:
            self._bodies.leave(self, self._caller)


def _is_plain_selfie(scope: Scope) -> bool:
    """Whether nothing but the token is checked before the body; unknown parameters of a query would come first."""
    return scope["method"] == "POST" and scope["path"] == SELFIE and not scope["query_string"]


def _has_body(method: str, headers: Headers) -> bool:
    return method not in BODILESS and ("transfer-encoding" in headers or headers.get("content-length", "0") != "0")


def overloaded() -> Problem:
    """The response to a request that is shed."""
    return Problem(503, "overloaded", "Too much at once; try again shortly.", headers={"Retry-After": str(RETRY_S)})
