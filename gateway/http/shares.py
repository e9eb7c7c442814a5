"""Per-user concurrency limits."""

import asyncio
from collections.abc import Callable
from uuid import UUID

from gateway.errors.problem import Problem

STREAM_RETRY_S = 30  # a dead connection may go unnoticed for this long
REQUEST_RETRY_S = 1


class Place:
    """The slots of one user, and the number of requests that hold one or wait for one."""

    def __init__(self, count: int) -> None:
        self.free = asyncio.Semaphore(count)
        self.users = 0


class UserLimiter:
    """Allows at most `count` requests of each user at the same time. Up to `max_waiting` more wait for one of them to
    end, each for `patience_s`; the rest are rejected with `make_problem`."""

    def __init__(
        self, count: int, make_problem: Callable[[], Problem], max_waiting: int = 0, patience_s: float = 0.0
    ) -> None:
        self._count = count
        self._most = count + max_waiting
        self._make_problem = make_problem
        self._patience_s = patience_s
        self._places: dict[UUID, Place] = {}

    async def enter(self, user_id: UUID) -> None:
        """Raises Problem."""
        place = self._places.setdefault(user_id, Place(self._count))
        if place.users >= self._most:
            raise self._make_problem()
        place.users += 1
        try:
            async with asyncio.timeout(self._patience_s or None):
                await place.free.acquire()
        except BaseException as fault:
            self._forget(user_id)
            if isinstance(fault, TimeoutError):
                raise self._make_problem() from None
            raise

    def leave(self, user_id: UUID) -> None:
        self._places[user_id].free.release()
        self._forget(user_id)

    def _forget(self, user_id: UUID) -> None:
        place = self._places[user_id]
        place.users -= 1
        if not place.users:
            del self._places[user_id]


def too_many_streams() -> Problem:
    detail = "Too many pages are open: close some, or try again shortly."
    return Problem(429, "too_many_streams", detail, headers={"Retry-After": str(STREAM_RETRY_S)})


def too_many_at_once() -> Problem:
    detail = "Too many requests at the same time: wait for some of them to end."
    return Problem(429, "too_many_requests", detail, headers={"Retry-After": str(REQUEST_RETRY_S)})
