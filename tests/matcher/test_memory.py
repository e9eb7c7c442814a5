"""The in-memory index is a bounded cache of the database that drops deleted faces."""

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
    FaceIndex,
    LookUp,
    ReadPage,
)
from tests.matcher.world import MakeWorld, World


class NeverChecked(FaceIndex):
    """A broken twin: never revalidates what was loaded once."""

    def use(self, event_id: UUID) -> EventFaces | None:
        self.__dict__.setdefault("first", super().use(event_id))
        faces: EventFaces | None = self.__dict__["first"]
        return faces


class OnlyExtended(FaceIndex):
    """A broken twin: loads new faces but ignores deletions."""

    def __init__(self, look_up: LookUp, count: CountFaces, read_page: ReadPage, memory_mb: float) -> None:
        def look_deaf(event_id: UUID) -> EventVersion | None:
            now = look_up(event_id)
            return now and replace(now, deleted_version=0)

        super().__init__(look_deaf, count, read_page, memory_mb)


def follow_another_replica(world: World) -> tuple[list[set[UUID]], list[set[UUID]]]:
    """The faces that one replica's index shows while another replica works, and the faces it should show."""
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


def test_a_replica_sees_what_another_one_publishes_and_deletes(world: World) -> None:
    shown, expected = follow_another_replica(world)
    assert shown == expected


@pytest.mark.parametrize("broken", [NeverChecked, OnlyExtended])
def test_control_an_index_that_is_not_revalidated_shows_stale_faces(
    make_world: MakeWorld, broken: type[FaceIndex]
) -> None:
    shown, expected = follow_another_replica(make_world(index=broken))
    assert shown != expected


class NeverTidied(FaceIndex):
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
    """The faces in memory after two cleanups, before and after an action."""
    event = world.event()
    photo = world.add(event, 1)
    assert world.index.use(event) is not None
    world.index.tidy(world.match_store.find_deletions)
    before = world.index.face_count()
    act(world, event, photo)
    world.index.tidy(world.match_store.find_deletions)
    return before, world.index.face_count()


@pytest.mark.parametrize("act", GONE)
def test_cleanup_keeps_used_faces_and_drops_deleted_or_idle_ones(
    world: World, act: Callable[[World, UUID, UUID], None]
) -> None:
    assert hold(world, act) == (1, 0)


@pytest.mark.parametrize("act", GONE)
def test_control_without_cleanup_memory_keeps_them(
    make_world: MakeWorld, act: Callable[[World, UUID, UUID], None]
) -> None:
    assert hold(make_world(index=NeverTidied), act) == (1, 1)


class NeverEvicting(FaceIndex):
    """A broken twin."""

    def _make_fit(self, event_id: UUID, more: int) -> bool:
        return True


class FirstInFirstOut(FaceIndex):
    """A broken twin: evicts in order of loading, not of last use."""

    class Unmoved(OrderedDict[UUID, Any]):
        def move_to_end(self, key: UUID, last: bool = True) -> None:
            return

    def __init__(self, look_up: LookUp, count: CountFaces, read_page: ReadPage, memory_mb: float) -> None:
        super().__init__(look_up, count, read_page, memory_mb)
        self._entries = self.Unmoved()


def use_more_than_there_is_room_for(world: World) -> str:
    """Which of the events a, b and c are in memory with room for two, after a, b, a, c were used."""
    events = {name: world.event() for name in "abc"}
    for event in events.values():
        world.add(event, 1)
    world.index._memory_bytes = 2 * MIN_BLOCK_FACES * FACE_BYTES
    for name in "abac":
        faces = world.index.use(events[name])
        assert faces is not None
        assert len(faces) == 1
    return "".join(name for name, event in events.items() if event in world.index._entries)


def test_memory_is_bounded_and_the_least_recently_used_event_is_evicted(world: World) -> None:
    assert use_more_than_there_is_room_for(world) == "ac"


@pytest.mark.parametrize(("broken", "held"), [(NeverEvicting, "abc"), (FirstInFirstOut, "bc")])
def test_control_without_eviction_or_with_another_order_other_events_are_held(
    make_world: MakeWorld, broken: type[FaceIndex], held: str
) -> None:
    assert use_more_than_there_is_room_for(make_world(index=broken)) == held


def test_an_evicted_event_is_loaded_again(world: World) -> None:
    event = world.event()
    world.add(event, 1)
    for _ in range(2):
        faces = world.index.use(event)
        assert faces is not None
        assert len(faces) == 1
        world.index.tidy(lambda events: {})
        assert world.index.face_count() == 0


def test_a_snapshot_does_not_change_while_photos_arrive(world: World) -> None:
    event = world.event()
    world.add(event, 1)
    before = world.index.use(event)
    world.add(event, 1)
    after = world.index.use(event)
    assert before is not None
    assert after is not None
    assert (len(before), len(after)) == (1, 2)
