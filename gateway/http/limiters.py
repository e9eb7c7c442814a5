"""Concurrency limits of requests and bodies, with bounded queues."""

import asyncio
import math
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol
from uuid import UUID

from starlette.datastructures import Headers

from gateway.http.limits import Bounds
from gateway.http.shares import UserLimiter, too_many_at_once, too_many_streams
from kit.rpc.identity import Caller

STREAM = "/api/rematch-events"
UPDATES = "/api/updates"
SELFIE = "/api/upload-selfie"
EVENT_UPDATES = re.compile(r"/api/events/[^/]+/updates")
ARCHIVES = ("/api/my-photos.zip", "/photos.zip")  # how their paths end
EXPORT = "/api/me/export"
FACE_SEARCH = re.compile(r"/api/events/[^/]+/faces/search")
EXPORTS_AT_ONCE = 4  # each holds a whole selfie in memory
TURN_S = 2  # the longest wait for a slot
BURST_S = 0.1  # how long a new selfie waits for a slot
CALM_S = 1
TARGET_S, INTERVAL_S, FORGET_S, GROWTH = 0.02, 0.1, 10.0, 0.25  # of Arrivals
DISCARDED_BYTES_PER_S = 16 * 1024 * 1024
USER_WAITING = 128  # requests of one user in their own queue: a page of thumbs over HTTP/2
PARTS_AT_ONCE = 2  # of all archives: the other streams of the service serve pictures for display


def follows_updates(path: str) -> bool:
    """Whether the response lasts as long as its page is open."""
    return path == UPDATES or EVENT_UPDATES.fullmatch(path) is not None


class Body(Protocol):
    """A body that is arriving."""

    def cut_off(self) -> None:
        """Aborts it to make room for another one."""


class Arrivals:
    """Limits bodies that arrive slowly and hold no slot meanwhile: any number, until a complete one waits longer than
    TARGET_S for a slot. Then the limit is half their number, halved again every INTERVAL_S down to `least`, and raised
    by GROWTH with each one that did not wait. Without this, many large bodies would be admitted before any of them
    needs a slot. (Additive increase, multiplicative decrease, as in TCP; the wait as signal is from CoDel, RFC 8289.)
    """

    def __init__(self, least: int) -> None:
        self._least = least
        self._count = 0
        self._most = math.inf
        self._waited_at = -math.inf

    def begin(self) -> None:
        self._count += 1

    def end(self) -> None:
        self._count -= 1

    def admits(self, now: float) -> bool:
        """Whether one more body may begin."""
        return self._count < self._most or now - self._waited_at > FORGET_S

    def count_wait(self, wait_s: float, now: float) -> None:
        """Adjusts the limit by how long a complete body waited for its slot."""
        if wait_s <= TARGET_S:
            self._most += GROWTH
        elif now - self._waited_at >= INTERVAL_S:
            self._most = max(self._least, min(self._most, self._count) / 2)
            self._waited_at = now


class ConcurrencyLimiter:
    """A number of slots, and a short queue for bursts: at most `max_waiting` requests wait, each for at most
    `patience_s`.

    When the queue is full or a wait times out, new requests are rejected until none has been rejected for CALM_S:
    under overload, accepted requests do not wait. (A queue that never empties adds latency without throughput:
    B. Maurer, Fail at Scale, ACM Queue 13(8), 2015.)
    """

    def __init__(self, count: int, max_waiting: int = 0, patience_s: float = TURN_S) -> None:
        self._free = asyncio.Semaphore(count)
        self._max_waiting = max_waiting
        self._patience_s = patience_s
        self._waiting = 0
        self._rejected_at = -math.inf
        self.arrivals = Arrivals(least=count)  # the number of slots

    def admits(self) -> bool:
        """Whether a new request may `enter`."""
        now = asyncio.get_running_loop().time()
        if self.arrivals.admits(now):
            if not self._free.locked():
                return True
            if self._waiting < self._max_waiting and now - self._rejected_at >= CALM_S:
                return True
        self._rejected_at = now
        return False

    async def enter(self) -> None:
        """Acquires a slot for a new request. Raises TimeoutError under sustained load."""
        try:
            await self.acquire(self._patience_s)
        except TimeoutError:
            self._rejected_at = asyncio.get_running_loop().time()
            raise

    async def enter_complete(self) -> None:
        """Acquires a slot for a request whose body is complete; its wait adjusts the limit of slow bodies. Raises
        TimeoutError."""
        clock = asyncio.get_running_loop().time
        came_at = clock()
        try:
            await self.acquire()
        finally:
            self.arrivals.count_wait(clock() - came_at, clock())

    async def acquire(self, timeout_s: float = TURN_S) -> None:
        """Acquires a slot without counting as a new request. Raises TimeoutError."""
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
    """Bodies that are arriving. Excess bodies of verified callers are rejected; of the others the oldest is aborted, so
    that many slow ones cannot block sign-ins."""

    def __init__(self, count: int, per_caller: int) -> None:
        self._count = count
        self._per_caller = per_caller
        self._verified: Counter[UUID] = Counter()
        self._others: dict[Body, None] = {}

    def admits(self, caller: Caller | None) -> bool:
        if caller is None:
            return True
        return self._verified.total() < self._count and self._verified[caller.user_id] < self._per_caller

    def enter(self, body: Body, caller: Caller | None) -> None:
        if caller is not None:
            self._verified[caller.user_id] += 1
            return
        if len(self._others) >= self._count:
            next(iter(self._others)).cut_off()
        self._others[body] = None

    def leave(self, body: Body, caller: Caller | None) -> None:
        if caller is None:
            self._others.pop(body, None)
            return
        self._verified[caller.user_id] -= 1
        if not self._verified[caller.user_id]:
            del self._verified[caller.user_id]


class Discards:
    """The budget for reading the rest of rejected bodies: enough for a few clients that read their response only after
    sending, and small compared with accepted work."""

    def __init__(self, bytes_per_s: int) -> None:
        self._bytes_per_s = bytes_per_s
        self._left = float(bytes_per_s)
        self._counted_at = -math.inf

    def take(self, count_bytes: int, now: float) -> bool:
        """Whether more may be read after these bytes."""
        refilled = (now - self._counted_at) * self._bytes_per_s
        self._left = min(self._bytes_per_s, self._left + refilled) - count_bytes
        self._counted_at = now
        return self._left > 0


class Limiters:
    """All limits of one process. `photos` counts files being sent to the service, not requests, and `archive_parts`
    the parts of pictures that archives fetch."""

    def __init__(self, bounds: Bounds) -> None:
        self.bodies = OpenBodies(bounds.bodies, bounds.bodies_per_caller)
        self.requests = ConcurrencyLimiter(bounds.requests, bounds.waiting)
        self.selfies = ConcurrencyLimiter(bounds.selfies, bounds.waiting, BURST_S)
        self.photos = ConcurrencyLimiter(bounds.photos, bounds.waiting)
        self.streams = ConcurrencyLimiter(bounds.streams)
        self.updates = ConcurrencyLimiter(bounds.updates)
        self.archives = ConcurrencyLimiter(bounds.archives)
        self.exports = ConcurrencyLimiter(EXPORTS_AT_ONCE)
        self.archive_parts = asyncio.Semaphore(PARTS_AT_ONCE)
        self.discards = Discards(DISCARDED_BYTES_PER_S)
        streams = UserLimiter(bounds.streams_per_user, too_many_streams)
        self._shares = {
            self.streams: streams,
            self.updates: streams,
            self.archives: UserLimiter(bounds.archives_per_user, too_many_at_once),
            self.requests: UserLimiter(bounds.requests_per_user, too_many_at_once, USER_WAITING, TURN_S),
        }

    def share(self, limiter: ConcurrencyLimiter) -> UserLimiter | None:
        """The limiter of a user's share of these slots; None if `bodies` limits it."""
        return self._shares.get(limiter)

    def choose(self, path: str, headers: Headers, caller: Caller | None) -> ConcurrencyLimiter:
        if path == STREAM:
            return self.streams
        if follows_updates(path):
            return self.updates
        if path.endswith(ARCHIVES):
            return self.archives
        if path == EXPORT:
            return self.exports
        if caller is None:
            return self.requests
        if path == SELFIE:
            return self.selfies
        if FACE_SEARCH.fullmatch(path):
            return self.requests
        return self.photos if headers.get("content-type", "").startswith("multipart/") else self.requests
