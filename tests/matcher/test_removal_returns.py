"""No later work restores a removed face: a newer engine, a new version of the photo, or work in progress."""

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import Connection, text
from typing_extensions import override

from matcher_service.domain import (
    IndexedPhoto,
    Job,
    NewFace,
)
from matcher_service.domain.rereads import RereadPhoto, Swap
from matcher_service.reading import FaceReading, Reading
from matcher_service.store import JobStore, RemovalStore, RereadStore
from tests.matcher.looks import Look, make_selfie, parse, read_looks, show
from tests.matcher.removals import GUEST, STRANGER, Asked
from tests.matcher.rereads import age


def read_turned(data: bytes) -> Reading:
    return read_looks(show(parse(data)[::-1]), is_reversed=True)


def read_all_again(asked: Asked) -> None:
    """Rereads all photos with an engine that returns the same faces in another order."""
    asked.world.rereader = asked.world.make_rereader(read_turned)
    age(asked.world.db, asked.event)
    asked.world.reread_store.plan()
    while asked.world.rereader.step():
        pass


def read_again_before(asked: Asked) -> None:
    """Rereads all photos up to, but not including, the swap."""
    age(asked.world.db, asked.event)
    asked.world.reread_store.plan()
    while not isinstance(job := asked.world.reread_store.claim(60.0), Swap):
        assert job
        asked.world.rereader.work(job)
    asked.world.reread_store.release(job)


class BringsBack(RereadStore):
    @override
    def _drop_forgotten(
        self, connection: Connection, job: RereadPhoto, faces: tuple[NewFace, ...], size: tuple[int, int]
    ) -> tuple[NewFace, ...]:
        return faces


class BringsBackVersions(JobStore):
    @override
    def _drop_forgotten(self, connection: Connection, job: Job, photo: IndexedPhoto) -> IndexedPhoto:
        return photo


class LeavesLaidAside(RemovalStore):
    @override
    def _forget_laid_aside(self, connection: Connection, event_id: UUID, photos: object) -> None:
        pass


class MarksNothing(RemovalStore):
    @override
    def _mark(self, connection: Connection, event_id: UUID) -> None:
        pass


@pytest.mark.parametrize("store", [RereadStore, BringsBack])
def test_a_newer_engine_does_not_restore_a_removed_face(
    make_asked: Callable[..., Asked], store: type[RereadStore]
) -> None:
    asked = make_asked(reread_store=store)
    asked.forget_stranger()
    read_all_again(asked)
    assert (asked.join_as_stranger() == set()) == (store is RereadStore), "the control restores it"
    if store is RereadStore:
        assert asked.places(asked.both) == [0]
        assert asked.value("SELECT face_count FROM matcher.events WHERE id = :event") == 2


@pytest.mark.parametrize("store", [RemovalStore, LeavesLaidAside])
def test_removal_also_deletes_faces_reread_but_not_swapped(
    make_asked: Callable[..., Asked], store: type[RemovalStore]
) -> None:
    asked = make_asked(removal_store=store)
    asked.world.rereader = asked.world.make_rereader(read_turned)
    read_again_before(asked)
    asked.forget_stranger()
    laid_aside = asked.value("SELECT count(*) FROM matcher.reread_faces WHERE event_id = :event")
    assert (laid_aside == 2) == (store is RemovalStore)
    while asked.world.rereader.step():
        pass
    assert (asked.join_as_stranger() == set()) == (store is RemovalStore)
    if store is RemovalStore:
        assert asked.value("SELECT face_count FROM matcher.events WHERE id = :event") == 2


@pytest.mark.parametrize("store", [JobStore, BringsBackVersions])
@pytest.mark.parametrize("factor", [1, 2])
def test_a_new_version_of_the_photo_does_not_restore_a_removed_face(
    make_asked: Callable[..., Asked], store: type[JobStore], factor: int
) -> None:
    """The new version may have another size."""
    asked = make_asked(job_store=store)
    asked.forget_stranger()
    asked.world.indexer = asked.world.make_indexer(lambda data: enlarge(read_looks(data), factor))
    asked.replace(asked.both, show([GUEST, STRANGER]))
    assert (asked.join_as_stranger() == set()) == (store is JobStore)
    assert asked.both in asked.world.found(asked.guest)


def enlarge(reading: Reading, factor: int) -> Reading:
    def grow(face: FaceReading) -> FaceReading:
        box = face.box
        sides = {side: factor * getattr(box, side) for side in ("left", "top", "width", "height")}
        return replace(face, box=replace(box, **sides))

    faces = tuple(grow(face) for face in reading.faces)
    return replace(reading, width=factor * reading.width, height=factor * reading.height, faces=faces)


@pytest.mark.parametrize("store", [RemovalStore, MarksNothing])
def test_a_running_settlement_does_not_restore_a_removed_face(
    make_asked: Callable[..., Asked], store: type[RemovalStore]
) -> None:
    """The settlement read the faces before the removal."""
    asked = make_asked(removal_store=store)
    user = asked.world.join(asked.event)
    asked.world.send_selfie(asked.event, user, 1, STRANGER.place)
    asked.add(Look(39))
    with asked.world.db.begin() as connection:  # found only by settling
        connection.execute(text("DELETE FROM matcher.matches WHERE person_id = :user"), {"user": user})
    job = asked.world.settlement_store.claim(60.0, 0)
    event = job and asked.world.settlement_store.read(job, 1000)
    assert event is not None
    assert job is not None
    asked.forget_stranger()
    assert asked.world.settler.publish(job, event, 0.0) == (store is MarksNothing)
    assert bool(asked.world.found(user) & {asked.both, asked.alone}) == (store is MarksNothing)


@pytest.mark.parametrize("store", [RemovalStore, MarksNothing])
def test_a_running_comparison_does_not_restore_a_removed_face(
    make_asked: Callable[..., Asked], store: type[RemovalStore]
) -> None:
    """It used the index from before the removal; the remaining faces are compared under the lock."""
    asked = make_asked(removal_store=store)
    user = asked.world.join(asked.event)
    comparing = asked.world.matches.rematch(make_selfie(asked.event, user, 1, STRANGER.place))
    concurrent = asked.world.matches.rematch(make_selfie(asked.event, asked.guest, 2, 0))
    for snapshots in (comparing, concurrent):
        assert [next(snapshots).state.name for _ in range(2)] == ["ACCEPTED", "RUNNING"]
    asked.forget_stranger()
    for snapshots in (comparing, concurrent):
        assert [*snapshots][-1].state.name == "DONE"
    index = asked.world.index.use(asked.event)
    assert index is not None
    assert (len(index) == 2) == (store is RemovalStore), "the index as well"
    if store is RemovalStore:
        assert asked.world.found(user) == set()
        assert asked.world.found(asked.guest) == {asked.both, asked.guests}
