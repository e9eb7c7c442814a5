"""Counters of rate limits that several gateways share, in Valkey or Redis; and the fallback while it is unavailable."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from hashlib import blake2b
from typing import TypeVar

from limits.aio.storage import RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter
from limits.errors import StorageError
from prometheus_client import Gauge

from kit.telemetry.logs import get_logger

URL = re.compile(r"(redis|rediss|valkey|valkeys)://\S+")
KEY_PREFIX = "minois"
CALL_S = 0.5  # the longest that a request waits for a counter
RETRY_S = 5.0  # after a fault
NAME_BYTES = 16

Answer = TypeVar("Answer")
log = get_logger()
in_memory = Gauge(
    "rate_limits_in_memory",
    "Processes that count by themselves although RATE_LIMIT_URL is set: it cannot be reached",
    multiprocess_mode="livesum",
)


class SharedLimiter:
    """A moving window that all gateways of the same URL share. Raises CountersUnavailable."""

    def __init__(self, url: str) -> None:
        uri = f"async+{url}"
        options = {"socket_timeout": CALL_S, "socket_connect_timeout": CALL_S}
        self._storage = storage = RedisStorage(
            uri, wrap_exceptions=True, implementation="valkey", key_prefix=KEY_PREFIX, **options
        )
        self._limiter = MovingWindowRateLimiter(storage)
        self._asks_again_at = 0.0
        self._is_unavailable = False

    async def ask(self, question: Callable[[MovingWindowRateLimiter], Awaitable[Answer]]) -> Answer:
        """Raises CountersUnavailable."""
        now = asyncio.get_running_loop().time()
        if now < self._asks_again_at:
            raise CountersUnavailable
        try:
            async with asyncio.timeout(CALL_S):
                answer = await question(self._limiter)
        except (StorageError, TimeoutError, OSError) as fault:
            self._asks_again_at = now + RETRY_S
            self._note(True, fault)
            raise CountersUnavailable from None
        self._note(False)
        return answer

    async def close(self) -> None:
        # The library does not close its client, which is not public (limits 5.8; tests warn about open connections).
        await self._storage.bridge.storage.aclose()  # type: ignore[attr-defined]

    def _note(self, is_unavailable: bool, fault: BaseException | None = None) -> None:
        """Logs once per outage, without the message of the fault, which may contain the address with its password."""
        if is_unavailable == self._is_unavailable:
            return
        self._is_unavailable = is_unavailable
        in_memory.set(is_unavailable)
        if is_unavailable:
            why = type(fault.__cause__ or fault).__name__ if fault else ""
            log.warning(
                "RATE_LIMIT_URL cannot be reached: rates are counted in memory.", action="rates_in_memory", why=why
            )
        else:
            log.info("Rates are counted at RATE_LIMIT_URL again.", action="rates_shared")


class CountersUnavailable(Exception):
    """The server of the shared counters is unavailable."""


def hide(who: str) -> str:
    """The name of a counter: hides addresses, user names and e-mail addresses from the other server."""
    return blake2b(who.encode(), digest_size=NAME_BYTES, person=b"minois-rates").hexdigest()
