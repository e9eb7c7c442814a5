"""Counters of rate limits in memory."""

import asyncio
from collections.abc import Awaitable, Callable
from random import Random

import pytest
from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from gateway.http.windows import MovingWindows

THREE = parse("3/minute")
ANN, BOB = ("logins", "ann"), ("logins", "bob")


class Clock:
    """Seconds that a test moves on."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def windows(clock: Clock) -> MovingWindows:
    return MovingWindows(clock)


def test_a_hit_above_the_limit_waits_for_the_oldest_one(windows: MovingWindows, clock: Clock) -> None:
    for _ in range(3):
        assert windows.hit(THREE, ANN) is None
        clock.now += 10
    assert windows.hit(THREE, ANN) == 30
    assert windows.hit(THREE, BOB) is None, "others have their own counters"
    assert windows.hit(parse("4/minute"), ANN) is None, "and so has each rate"
    clock.now += 30.1
    assert windows.hit(THREE, ANN) is None, "the oldest hit no longer counts"
    assert windows.hit(THREE, ANN) is not None


def test_a_rejected_hit_does_not_count(windows: MovingWindows, clock: Clock) -> None:
    for _ in range(10):
        windows.hit(THREE, ANN)
    clock.now += 60.1
    assert [windows.hit(THREE, ANN) is None for _ in range(4)] == [True] * 3 + [False]


def test_a_hit_may_cost_more_than_one(windows: MovingWindows) -> None:
    assert windows.hit(THREE, ANN, cost=2) is None
    assert windows.hit(THREE, ANN, cost=2) == 60
    assert windows.hit(THREE, ANN) is None
    assert windows.hit(THREE, BOB, cost=4) == 60, "more than the limit"


def test_outdated_counters_are_removed(windows: MovingWindows, clock: Clock) -> None:
    hourly = parse("3/hour")
    windows.hit(hourly, ANN)
    for number in range(1000):
        windows.hit(THREE, ("logins", str(number)))
    assert len(windows) == 1001
    clock.now += 61
    for _ in range(600):
        windows.hit(THREE, BOB)
    assert len(windows) == 2, "that of the hour and the new one"


@pytest.mark.parametrize("seed", range(20))
def test_the_decisions_are_those_of_the_library(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, random = Clock(), Random(seed)
    monkeypatch.setattr("limits.aio.storage.memory.time.time", clock)
    windows = MovingWindows(clock)

    async def compare() -> None:
        theirs = MovingWindowRateLimiter(MemoryStorage())
        for _ in range(300):
            clock.now += random.choice((0.0, random.uniform(0, 30)))
            item, name, cost = (
                random.choice((THREE, parse("5/minute"))),
                random.choice((ANN, BOB)),
                random.randint(1, 3),
            )
            wait_s = windows.hit(item, name, cost)
            assert (wait_s is None) == await theirs.hit(item, *name, cost=cost)
            if wait_s is not None:
                stats = await theirs.get_window_stats(item, *name)
                assert wait_s == pytest.approx(stats.reset_time - clock.now)

    asyncio.run(compare())


Hit = Callable[[RateLimitItem, tuple[str, ...]], Awaitable[object]]


def count_threads(hit: Hit, monkeypatch: pytest.MonkeyPatch) -> int:
    """How often a thread is used for one more hit, when a hundred callers are counted."""
    used: list[object] = []

    async def run() -> None:
        for number in range(100):
            await hit(THREE, ("logins", str(number)))
        await end_tasks()
        used.clear()
        await hit(THREE, ANN)
        await end_tasks()

    async def end_tasks() -> None:
        await asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()})

    async def to_thread(work: Callable[..., object], *args: object) -> object:
        used.append(work)
        return work(*args)

    monkeypatch.setattr("asyncio.to_thread", to_thread)
    asyncio.run(run())
    return len(used)


def test_a_hit_looks_at_no_other_counters(windows: MovingWindows, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hit(item: RateLimitItem, name: tuple[str, ...]) -> object:
        return windows.hit(item, name)

    assert count_threads(hit, monkeypatch) == 0


def test_control_the_storage_of_the_library_uses_a_thread_for_each_counter(monkeypatch: pytest.MonkeyPatch) -> None:
    async def hit(item: RateLimitItem, name: tuple[str, ...]) -> object:
        return await theirs.hit(item, *name)

    theirs = MovingWindowRateLimiter(MemoryStorage())
    assert count_threads(hit, monkeypatch) > 100
