"""Limits per user: one user holds only a share of the slots."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Event, Thread
from uuid import UUID, uuid4

import httpx2
import pytest

from gateway.errors.problem import Problem
from gateway.http.limits import Bounds
from gateway.http.shares import UserLimiter, too_many_at_once
from protos.selfie.v1 import selfie_pb2
from tests.gateway.live_party import Party
from tests.gateway.updates import LiveWorld, live_world, signed
from tests.gateway.world import World, problem, running_world
from tests.selfie.world import wait_until

PENDING = selfie_pb2.GetRematchStateResponse(selfie_state=selfie_pb2.SELFIE_STATE_PENDING)
STATUSES = "/api/rematch-events"


def streams(world: LiveWorld) -> list[str]:
    """One stream of each kind."""
    world.services.answers["GetRematchState"] = PENDING
    return ["/api/updates", Party(world).path, STATUSES]


def count_let_in(world: LiveWorld, paths: list[str], user_id: UUID) -> int:
    """Opens streams for a user; returns how many are open at the same time."""
    with ExitStack() as open_streams:
        answers = [
            open_streams.enter_context(world.client.stream("GET", path, headers=signed(user_id, 60), timeout=20))
            for path in paths
        ]
        return sum(answer.status_code == 200 for answer in answers)


@pytest.mark.parametrize("number", range(3))
def test_streams_of_all_kinds_are_counted_together(number: int) -> None:
    with live_world(bounds=Bounds(streams_per_user=3)) as world, ExitStack() as open_streams:
        ann, paths = uuid4(), streams(world)
        for path in paths:
            open_streams.enter_context(world.client.stream("GET", path, headers=signed(ann, 60), timeout=20))
        answer = world.client.get(paths[number], headers=signed(ann, 60))
        assert problem(answer) == (429, "too_many_streams")
        assert int(answer.headers["retry-after"]) > 0
        assert count_let_in(world, paths, uuid4()) == 3, "another user has their own streams"


@pytest.mark.parametrize(("share", "others"), [(4, 3), (20, 0)], ids=["share", "control"])
def test_many_streams_of_one_user_do_not_block_other_users(share: int, others: int) -> None:
    bounds = Bounds(streams=8, streams_per_user=share)
    with live_world(bounds=bounds) as world, ExitStack() as open_streams:
        world.services.answers["GetRematchState"] = PENDING
        greedy = signed(uuid4(), 60)
        for _ in range(20):
            open_streams.enter_context(world.client.stream("GET", STATUSES, headers=greedy, timeout=20))
        assert count_let_in(world, [STATUSES] * 3, uuid4()) == others


def test_an_ended_stream_releases_its_slot() -> None:
    with live_world(bounds=Bounds(streams_per_user=1)) as world:
        world.services.answers["GetRematchState"] = PENDING
        ann = uuid4()
        for _ in range(3):
            wait_until(lambda: count_let_in(world, [STATUSES], ann) == 1)


def ask(world: World, user_id: UUID) -> httpx2.Response:
    return world.client.get("/api/rematch-status", headers=signed(user_id, 60), timeout=20)


@contextmanager
def greedy(world: World, user_id: UUID, count: int) -> Iterator[Event]:
    """Starts requests of one user that last until the end of the block or until the event is set."""
    free = Event()
    world.answer(GetRematchState=lambda _: free.wait(10) and selfie_pb2.GetRematchStateResponse())
    asking = [Thread(target=ask, args=[world, user_id]) for _ in range(count)]
    for thread in asking:
        thread.start()
    try:
        yield free
    finally:
        free.set()
        for thread in asking:
            thread.join()


@pytest.mark.parametrize(("share", "is_served"), [(2, True), (4, False)], ids=["share", "control"])
def test_slow_requests_of_one_user_do_not_block_other_users(share: int, is_served: bool) -> None:
    bounds = Bounds(requests=4, requests_per_user=share, waiting=0)
    with running_world(bounds=bounds) as world, greedy(world, uuid4(), count=4):
        wait_until(lambda: world.services.running.count("GetRematchState") == share)
        answer = world.client.get("/api/my-photos", headers=signed(uuid4(), 60))
        assert (answer.status_code == 200) == is_served
        if not is_served:
            assert problem(answer) == (503, "overloaded")


def test_concurrent_requests_of_one_page_wait_for_each_other() -> None:
    with running_world(bounds=Bounds(requests_per_user=1)) as world:
        ann = uuid4()
        with greedy(world, ann, count=1) as free:
            wait_until(lambda: bool(world.services.running))
            Thread(target=free.set).start()
            assert ask(world, ann).status_code == 200


def enter_all(limiter: UserLimiter, user_id: UUID, count: int) -> list[bool]:
    async def enter() -> bool:
        try:
            await limiter.enter(user_id)
        except Problem as refused:
            return refused.status_code != 429
        await asyncio.sleep(0)
        limiter.leave(user_id)
        return True

    async def run() -> list[bool]:
        return list(await asyncio.gather(*(enter() for _ in range(count))))

    return asyncio.run(run())


def test_the_number_of_waiting_requests_is_limited() -> None:
    limiter = UserLimiter(2, too_many_at_once, max_waiting=3, patience_s=10)
    ann = uuid4()
    assert enter_all(limiter, ann, 7) == [True] * 5 + [False] * 2
    assert enter_all(limiter, ann, 5) == [True] * 5, "finished requests are not counted"


def test_a_request_that_waits_too_long_is_rejected() -> None:
    async def run() -> None:
        limiter = UserLimiter(1, too_many_at_once, max_waiting=1, patience_s=0.01)
        ann = uuid4()
        await limiter.enter(ann)
        with pytest.raises(Problem):
            await limiter.enter(ann)
        limiter.leave(ann)
        await limiter.enter(ann)

    asyncio.run(run())
