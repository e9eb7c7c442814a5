"""Every call between services has a deadline, which also ends with the deadline of the current request."""

from collections.abc import Callable
from typing import Any

import pytest

from kit.rpc import deadlines
from kit.rpc.client import ServiceCalls
from kit.rpc.identity import Signer
from matcher_service.feed import AuthFeed
from tests.selfie.world import MakeWorld, World


class EndlessCalls(ServiceCalls):
    """A broken twin: calls without a deadline."""

    def send(self, method: Any, request: object, at_most_s: float) -> Any:
        return method(request, metadata=self.metadata())

    def timeout_s(self, at_most: float) -> float:
        return None  # type: ignore[return-value]


def call_everything(world: World, calls: ServiceCalls) -> list[float | None]:
    """The deadlines of both services' feeds and of a rematch stream; None if there was none."""
    AuthFeed(world._channel, calls).fetch(0, 0)
    world.enter(world.guest(world.event()))
    world.rematch()
    assert len(world.feed.deadlines) > 1
    assert world.matcher.deadlines
    all_left_s = world.feed.deadlines + world.matcher.deadlines
    return [left_s if left_s is not None and left_s < 1e9 else None for left_s in all_left_s]


def test_every_call_has_a_deadline(world: World, signer: Callable[[str], Signer]) -> None:
    all_left_s = call_everything(world, ServiceCalls(signer("matcher"), "auth"))
    assert all(left_s is not None and left_s <= 20.5 for left_s in all_left_s)


def test_control_calls_without_a_deadline_are_detected(make_world: MakeWorld, signer: Callable[[str], Signer]) -> None:
    world = make_world(calls=EndlessCalls)
    assert set(call_everything(world, EndlessCalls(signer("matcher"), "auth"))) == {None}


@pytest.mark.parametrize(("left_s", "longest_s"), [(2.0, 2.1), (None, 5.5)])
def test_a_call_gets_no_more_time_than_the_work_that_makes_it(
    world: World, left_s: float | None, longest_s: float
) -> None:
    deadlines.enter(left_s)
    try:
        world.follower.catch_up()
    finally:
        deadlines.enter(None)
    all_left_s = world.feed.deadlines[-1]
    assert all_left_s is not None
    assert longest_s / 2 < all_left_s <= longest_s
