"""Following a change feed."""

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Event

import pytest

from kit import feed
from kit.errors import ServiceUnavailable
from kit.feed import POLL_S, Follower


@dataclass(frozen=True)
class Change:
    """A change that consists only of its position."""

    sequence: int


class World:
    """A feed and its follower; `faults` are raised by the next fetches, in order."""

    def __init__(self, count: int = 0, faults: Sequence[Exception] = ()) -> None:
        self.changes = [Change(number) for number in range(1, count + 1)]
        self.faults = list(faults)
        self.applied: list[int] = []
        self.waits: list[float] = []
        self.stop = Event()
        self.follower = Follower(self.fetch, lambda: self.applied[-1] if self.applied else 0, self.apply)

    def fetch(self, after: int, wait_s: float) -> Sequence[Change]:
        self.waits.append(wait_s)
        if self.faults:
            raise self.faults.pop(0)
        if after == len(self.changes):
            self.stop.set()
        return self.changes[after : after + 2]

    def apply(self, change: Change) -> None:
        self.applied.append(change.sequence)


@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_catching_up_applies_all_available_changes_without_waiting(count: int) -> None:
    world = World(count)
    world.follower.catch_up()
    assert world.applied == list(range(1, count + 1))
    assert set(world.waits) == {0}


def test_catching_up_reports_an_unavailable_feed() -> None:
    world = World(1, faults=[ServiceUnavailable()])
    with pytest.raises(ServiceUnavailable):
        world.follower.catch_up()
    assert world.applied == []


def test_following_continues_after_any_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "BACKOFF_S", 0.001)
    world = World(5, faults=[ServiceUnavailable(), RuntimeError("a bug"), ServiceUnavailable()])
    world.follower.run(world.stop)
    assert world.applied == [1, 2, 3, 4, 5]
    assert set(world.waits) == {POLL_S}


def test_a_failed_change_is_retried_before_any_later_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "BACKOFF_S", 0.001)
    world, tried = World(3), []
    apply = world.apply

    def fail_once(change: Change) -> None:
        tried.append(change.sequence)
        if tried == [1, 2]:
            raise RuntimeError("a bug")
        apply(change)

    follower = Follower(world.fetch, lambda: world.applied[-1] if world.applied else 0, fail_once)
    follower.run(world.stop)
    assert (tried, world.applied) == ([1, 2, 2, 3], [1, 2, 3])


def follow_runs(world: World, fails: int = 0) -> list[tuple[int, ...]]:
    """The batches in which changes are applied; those before the fourth may share a transaction, except `fails`."""
    runs = []

    def apply(*changes: Change) -> None:
        runs.append(tuple(change.sequence for change in changes))
        if len(changes) > 1 and any(change.sequence == fails for change in changes):
            raise RuntimeError("a bug")
        world.applied.extend(change.sequence for change in changes if change.sequence not in world.applied)

    cursor, shares = (lambda: world.applied[-1] if world.applied else 0), (lambda change: change.sequence < 4)
    Follower(lambda after, _: world.changes[after:], cursor, apply, shares).catch_up()
    return runs


def test_changes_that_may_share_a_transaction_are_applied_together(monkeypatch: pytest.MonkeyPatch) -> None:
    assert follow_runs(World(5)) == [(1, 2, 3), (4,), (5,)]
    monkeypatch.setattr(feed, "MAX_RUN", 2)
    assert follow_runs(World(5)) == [(1, 2), (3,), (4,), (5,)]


def test_a_change_that_fails_in_a_batch_does_not_block_earlier_ones() -> None:
    assert follow_runs(World(3), fails=2) == [(1, 2, 3), (1,), (2,), (3,)]


def test_a_stopped_follower_fetches_nothing_more() -> None:
    world = World(5)
    world.stop.set()
    world.follower.run(world.stop)
    assert world.waits == []
