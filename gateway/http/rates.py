"""Rate limits by address and by account, counted in memory by each process or, with RATE_LIMIT_URL, shared by all."""

import math
import time
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Any

from fastapi import Depends, Request
from limits import RateLimitItem, parse_many
from limits.aio.strategies import MovingWindowRateLimiter

from gateway.errors.problem import Problem
from gateway.http.shared_rates import CountersUnavailable, SharedLimiter, hide
from gateway.http.windows import MovingWindows

NONE = "none"  # an empty variable of the environment stands for the default
IPV6_HOME = 64  # bits that identify a home or phone; the device chooses the rest


@dataclass(frozen=True)
class Rates:
    """Each in the notation of `limits`, such as "10/minute;100/hour", or NONE. `codes`, `availability`, `guests`,
    `registrations` and `logins` count requests of one address, which all guests of a hotel may share; `passwords`
    those for one account from one address; `selfies` those of one account, `selfie_mb` their millions of bytes, and
    `address_selfies` those of all accounts of one address. `phones` counts new guests of one browser,
    `face_searches` searches of one organiser for people who ask to be removed.
    `links` counts requests of one address for e-mails, `addresses` those for one e-mail address."""

    codes: str = "300/minute"
    availability: str = "60/minute"
    guests: str = "300/minute"
    registrations: str = "300/minute"
    logins: str = "300/minute"
    passwords: str = "10/minute"
    selfies: str = "20/minute;300/day"
    selfie_mb: str = "30/minute"
    address_selfies: str = "2000/hour"
    phones: str = "60/hour"
    face_searches: str = "20/minute;300/day"
    links: str = "30/hour"
    addresses: str = "5/hour"


class RateLimiters:
    """Counts in a moving window. With `url`, all gateways share its counters; without it, and while it is unavailable,
    each process counts in its own memory."""

    def __init__(self, rates: Rates, url: str = "") -> None:
        self._items = {kind: parse_rates(text) for kind, text in vars(rates).items()}
        self._own = MovingWindows()
        self._shared = SharedLimiter(url) if url else None

    async def hit(self, kind: str, *who: str, cost: int = 1) -> None:
        """Raises Problem if the limit is exceeded."""
        for item in self._items[kind]:
            wait_s = await self._count(item, min(cost, item.amount), (kind, *map(hide, who)))
            if wait_s is not None:
                raise too_many_requests(wait_s)

    async def close(self) -> None:
        if self._shared:
            await self._shared.close()

    async def _count(self, item: RateLimitItem, cost: int, name: tuple[str, ...]) -> float | None:
        """The seconds to wait if the limit is exceeded, else None."""

        async def count(limiter: MovingWindowRateLimiter) -> float | None:
            if await limiter.hit(item, *name, cost=cost):
                return None
            window = await limiter.get_window_stats(item, *name)
            return window.reset_time - time.time()

        if self._shared:
            with suppress(CountersUnavailable):
                return await self._shared.ask(count)
        return self._own.hit(item, name, cost)


def parse_rates(text: str) -> tuple[RateLimitItem, ...]:
    """Raises ValueError, also for a rate of 0, whose hits would cost nothing and all be accepted."""
    items = () if text == NONE else tuple(parse_many(text))
    if any(item.amount < 1 for item in items):
        raise ValueError(text)
    return items


def by_address(kind: str) -> Any:
    """The dependency of a public route."""

    async def check(request: Request) -> None:
        await rates_of(request).hit(kind, address_of(request))

    return Depends(check)


def rates_of(request: Request) -> RateLimiters:
    rates: RateLimiters = request.app.state.rates
    return rates


def address_of(request: Request) -> str:
    """The client's IPv4 address or IPv6 network, since a device may use any address of its network."""
    host = request.client.host if request.client else ""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    return str(IPv6Network((address, IPV6_HOME), strict=False)) if isinstance(address, IPv6Address) else host


def too_many_requests(wait_s: float) -> Problem:
    seconds = max(1, math.ceil(wait_s))
    unit = "second" if seconds == 1 else "seconds"
    detail = f"Too many requests: try again in {seconds} {unit}."
    return Problem(429, "too_many_requests", detail, headers={"Retry-After": str(seconds)})
