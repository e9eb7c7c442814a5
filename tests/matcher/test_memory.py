"""Memory is a cache: it shows what the database holds, forgets what is gone, and has its bounds."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from matcher_service.domain import ChangeKind
from matcher_service.faces import EventVersion
from matcher_service.index import (
    FACE_BYTES,
    IDLE_S,
    MIN_BLOCK_FACES,
    CountFaces,
    EventFaces,
    Index,
    LookUp,
    ReadPage,
)
from tests.matcher.world import MakeWorld, World


class NeverChecked(Index):
    """A broken twin: what was loaded once is good forever."""

    def use(self, event_id: UUID) -> EventFaces | None:
        self.__dict__.setdefault("first", super().use(event_id))
        faces: EventFaces | None = self.__dict__["first"]
        return faces


class OnlyExtended(Index):
    """A broken twin: loads what is new and does not hear of deletions."""

    def __init__(self, look_up: LookUp, count: CountFaces, read_page: ReadPage, memory_mb: float) -> None:
        def look_deaf(event_id: UUID) -> EventVersion | None:
            now = look_up(event_id)
            return now and replace(now, deleted_version=0)

        super().__init__(look_deaf, count, read_page, memory_mb)


def follow_another_replica(world: World) -> tuple[list[set[UUID]], list[set[UUID]]]:
    """What the index of one replica shows while another one works, and what it should."""
    event = world.event()
    replica = World(world.db, world.folder, index=type(world.index))
    expected: list[set[UUID]] = [set()]
    shown: list[set[UUID]] = []

    def look() -> None:
        faces = replica.index.use(event)
        assert faces is not None
        shown.append(faces.list_photos())

    look()
    for _ in range(2):
        expected.append(expected[-1] | {world.add(event, 1)})
        look()
    doomed = min(expected[-1])
    world.photos.delete_photo(world.organiser, doomed)
    expected.append(expected[-1] - {doomed})
    look()
    return shown, expected


def test_a_replica_knows_what_another_one_has_published_and_deleted(world: World) -> None:
    shown, expected = follow_another_replica(world)
    assert shown == expected


@pytest.mark.parametrize("broken", [NeverChecked, OnlyExtended])
def test_control_an_index_that_is_not_checked_shows_what_was(make_world: MakeWorld, broken: type[Index]) -> None:
    shown, expected = follow_another_replica(make_world(index=broken))
    assert shown != expected


class NeverTidied(Index):
    """A broken twin."""

    def tidy(self, deletions: Callable[[Iterable[UUID]], Mapping[UUID, int]]) -> bool:
        return False


def delete_photo(world: World, event: UUID, photo: UUID) -> None:
    world.photos.delete_photo(world.organiser, photo)


def delete_event(world: World, event: UUID, photo: UUID) -> None:
    world.change(ChangeKind.EVENT_DELETED, event_id=event)


def be_idle(world: World, event: UUID, photo: UUID) -> None:
    for entry in world.index._entries.values():
        entry.used_at -= IDLE_S + 1


GONE = [delete_photo, delete_event, be_idle]


def hold(world: World, act: Callable[[World, UUID, UUID], None]) -> tuple[int, int]:
    """The faces in memory after two tidyings, before and after an act."""
    event = world.event()
    photo = world.add(event, 1)
    assert world.index.use(event) is not None
    world.index.tidy(world.match_store.find_deletions)
    before = world.index.face_count()
    act(world, event, photo)
    world.index.tidy(world.match_store.find_deletions)
    return before, world.index.face_count()


@pytest.mark.parametrize("act", GONE)
def test_tidying_keeps_what_is_used_and_drops_what_is_gone_or_idle(
    world: World, act: Callable[[World, UUID, UUID], None]
) -> None:
    assert hold(world, act) == (1, 0)


@pytest.mark.parametrize("act", GONE)
def test_control_without_tidying_memory_keeps_it(
    make_world: MakeWorld, act: Callable[[World, UUID, UUID], None]
) -> None:
    assert hold(make_world(index=NeverTidied), act) == (1, 1)


class NeverEvicting(Index):
    """A broken twin."""

    def _make_fit(self, event_id: UUID, more: int) -> bool:
        return True


class FirstInFirstOut(Index):
    """A broken twin: does not note that an event is used again."""

    class Unmoved(OrderedDict[UUID, Any]):
        def move_to_end(self, key: UUID, last: bool = True) -> None:
            return

    def __init__(self, look_up: LookUp, count: CountFaces, read_page: ReadPage, memory_mb: float) -> None:
        super().__init__(look_up, count, read_page, memory_mb)
        self._entries = self.Unmoved()


def use_more_than_there_is_room_for(world: World) -> str:
    """Which of the events a, b and c are held, in a memory for two, after a, b, a, c were used."""
    events = {name: world.event() for name in "abc"}
    for event in events.values():
        world.add(event, 1)
    world.index._memory_bytes = 2 * MIN_BLOCK_FACES * FACE_BYTES
    for name in "abac":
        faces = world.index.use(events[name])
        assert faces is not None
        assert len(faces) == 1
    return "".join(name for name, event in events.items() if event in world.index._entries)


def test_memory_is_bounded_and_what_was_not_used_for_longest_goes(world: World) -> None:
    assert use_more_than_there_is_room_for(world) == "ac"


@pytest.mark.parametrize(("broken", "held"), [(NeverEvicting, "abc"), (FirstInFirstOut, "bc")])
def test_control_without_eviction_or_its_order_something_else_is_held(
    make_world: MakeWorld, broken: type[Index], held: str
) -> None:
    assert use_more_than_there_is_room_for(make_world(index=broken)) == held


def test_what_was_dropped_is_loaded_again(world: World) -> None:
    event = world.event()
    world.add(event, 1)
    for _ in range(2):
        faces = world.index.use(event)
        assert faces is not None
        assert len(faces) == 1
        world.index.tidy(lambda events: {})
        assert world.index.face_count() == 0


def test_a_snapshot_stays_as_it_was_while_photos_arrive(world: World) -> None:
    event = world.event()
    world.add(event, 1)
    before = world.index.use(event)
    world.add(event, 1)
    after = world.index.use(event)
    assert before is not None
    assert after is not None
    assert (len(before), len(after)) == (1, 2)
