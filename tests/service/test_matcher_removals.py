"""Faces of people who are no guests, found and forgotten by an organiser.

A guest is at 0; the tolerance reaches to 8.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, Engine, text
from typing_extensions import override

from matcher_service.domain import (
    EventNotFound,
    FaceChanged,
    IndexedPhoto,
    Job,
    NewFace,
    OrganiserOnly,
    PhotoNotFound,
    Role,
    Visibility,
)
from matcher_service.domain.removals import ChosenFace, Removal
from matcher_service.domain.rereads import RereadPhoto, Swap
from matcher_service.reading import FaceReading, Reading
from matcher_service.store import JobStore, RemovalStore, RereadStore
from tests.service.matcher_looks import Look, LooksWorld, make_selfie, parse, read_looks, show
from tests.service.matcher_rereads import age

FORGET, HIDE = Removal.FORGET_FACES, Removal.HIDE_PHOTOS
STRANGER, GUEST = Look(30), Look(1)


class Asked:
    """An event in two of whose photos a stranger is, once beside the guest; a third one shows the guest alone."""

    def __init__(self, world: LooksWorld) -> None:
        self.world = world
        self.event = world.event()
        self.guest = world.join(self.event)
        self.both = self.add(GUEST, STRANGER)
        self.alone, self.guests = self.add(Look(31)), self.add(Look(2))
        assert world.send_selfie(self.event, self.guest, 1, 0) == "DONE"
        world.settle_all()

    def add(self, *looks: Look) -> UUID:
        """A photo of a name of its own."""
        name = f"{uuid4()}.jpg"
        added = self.world.add_file(self.event, show(looks), name)
        self.world.index_all()
        assert added.photo_id
        return added.photo_id

    def replace(self, photo: UUID, data: bytes) -> None:
        name = self.value("SELECT filename FROM matcher.photos WHERE id = :photo", photo=photo)
        self.world.add_file(self.event, data, name, replaces=True)
        self.world.index_all()

    def find(self, photo: UUID, no: int) -> list[ChosenFace]:
        _, found, total = self.world.removals.find_similar(self.world.organiser, photo, no)
        assert total == len(found)
        return [similar.face for similar in found]

    def remove(self, *faces: ChosenFace, removal: Removal = FORGET) -> int:
        return self.world.removals.remove(self.world.organiser, self.event, faces, removal)

    def forget_stranger(self, removal: Removal = FORGET) -> None:
        assert self.remove(*self.find(self.both, 1), removal=removal) == 2

    def join_as_stranger(self) -> set[UUID]:
        """The photos of somebody who joins with the stranger's face, once the event is settled."""
        user = self.world.join(self.event)
        assert self.world.send_selfie(self.event, user, 1, STRANGER.place) == "DONE"
        before = self.world.found(user)
        self.world.settle_all()
        assert self.world.found(user) == before
        return before

    def value(self, query: str, **values: Any) -> Any:
        with self.world.db.begin() as connection:
            return connection.execute(text(query), {"event": self.event, **values}).scalar()

    def places(self, photo: UUID) -> list[int]:
        """The columns of the faces that the database has of a photo."""
        with self.world.db.begin() as connection:
            query = text('SELECT "left" / 200 FROM matcher.faces WHERE photo_id = :photo ORDER BY face_no')
            return list(connection.execute(query, {"photo": photo}).scalars())

    def acts(self) -> list[tuple[str, str, UUID | None]]:
        with self.world.db.begin() as connection:
            query = text("SELECT action, result, object_id FROM matcher.acts WHERE event_id = :event ORDER BY at, id")
            return [tuple(row) for row in connection.execute(query, {"event": self.event})]  # type: ignore[misc]


@pytest.fixture
def make_asked(make_db: Callable[[str], Engine], tmp_path: Path) -> Callable[..., Asked]:
    return lambda **twins: Asked(LooksWorld(make_db("matcher"), tmp_path / "blobs", **twins))


@pytest.fixture
def asked(make_asked: Callable[..., Asked]) -> Asked:
    return make_asked()


def test_the_photos_of_a_person_are_found_by_one_of_them(asked: Asked) -> None:
    far = asked.add(Look(39))
    assert [(face.photo_id, face.no) for face in asked.find(asked.both, 1)] == [(asked.both, 1), (asked.alone, 0)]
    assert [face.photo_id for face in asked.find(asked.alone, 0)] == [asked.alone, asked.both, far]
    _, found, _ = asked.world.removals.find_similar(asked.world.organiser, asked.both, 0)
    assert [one.people for one in found] == [((asked.guest, asked.guest),)] * 2
    with pytest.raises(PhotoNotFound):
        asked.find(asked.both, 2)


def test_forgotten_faces_are_in_nobodys_gallery_and_their_encodings_are_gone(asked: Asked) -> None:
    asked.forget_stranger()
    assert (asked.places(asked.both), asked.places(asked.alone)) == ([0], [])
    assert asked.join_as_stranger() == set()
    assert asked.world.found(asked.guest) == {asked.both, asked.guests}
    counted = asked.value("SELECT sum(face_count) FROM matcher.photos WHERE event_id = :event")
    assert asked.value("SELECT face_count FROM matcher.events WHERE id = :event") == counted == 2
    columns = "SELECT string_agg(column_name, ' ' ORDER BY column_name) FROM information_schema.columns"
    named = asked.value(f"{columns} WHERE table_schema = 'matcher' AND table_name = 'forgotten_faces'")
    assert named == "event_id height left of_height of_width photo_id top width", "a box alone"


def test_only_the_chosen_faces_are_forgotten(asked: Asked) -> None:
    first, _ = asked.find(asked.both, 1)
    assert asked.remove(first) == 1
    assert asked.join_as_stranger() == {asked.alone}


def test_photos_are_hidden_where_that_is_asked_for(asked: Asked) -> None:
    asked.forget_stranger(HIDE)
    shown = "SELECT count(*) FROM matcher.photos WHERE event_id = :event AND visibility = 'matched'"
    assert asked.value(shown) == 1
    assert set(asked.world.seen(asked.event, asked.guest)) == {asked.guests}
    asked.world.audience.set_visibility(asked.world.organiser, asked.event, [asked.both], Visibility.MATCHED)
    assert set(asked.world.seen(asked.event, asked.guest)) == {asked.both, asked.guests}
    assert asked.join_as_stranger() == set(), "the face is forgotten all the same"


def test_a_guest_who_was_taken_for_the_face_keeps_the_photo_for_another_face(asked: Asked) -> None:
    """At once, not only when the event is settled."""
    photo = asked.add(Look(1), Look(3))
    [nearest] = [face for face in asked.find(photo, 0) if face.photo_id == photo]
    asked.remove(nearest)
    query = "SELECT face_no FROM matcher.matches WHERE photo_id = :photo"
    assert asked.value(query, photo=photo) == 1
    asked.world.matches.refuse_match(asked.guest, photo)
    asked.world.matches.restore_match(asked.guest, photo)
    assert asked.value(query, photo=photo) == 1, "numbers are those of the faces that are left"


def test_a_rejection_goes_with_the_face_and_the_photo_stays_away(asked: Asked) -> None:
    asked.world.matches.refuse_match(asked.guest, asked.both)
    [face] = [face for face in asked.find(asked.both, 0) if face.photo_id == asked.both]
    asked.remove(face)
    assert asked.value("SELECT count(*) FROM matcher.refusals WHERE rejected") == 0
    asked.world.settle_all()
    assert asked.world.found(asked.guest) == {asked.guests}


def test_a_request_may_be_repeated_and_is_refused_where_a_face_is_another_one(asked: Asked) -> None:
    faces = asked.find(asked.both, 1)
    assert (asked.remove(*faces), asked.remove(*faces)) == (2, 0)
    [own, _] = asked.find(asked.both, 0)
    moved = ChosenFace(own.photo_id, own.no, own.left + 1, own.top, own.width, own.height)
    for wrong in (moved, ChosenFace(uuid4(), 0, 0, 0, 80, 80)):
        with pytest.raises(FaceChanged):
            asked.remove(own, wrong)
        assert asked.places(asked.both) == [0], "all or none"


def test_searches_and_removals_are_recorded_without_anything_of_the_face(asked: Asked) -> None:
    asked.remove(*asked.find(asked.both, 1))
    asked.remove(asked.find(asked.guests, 0)[0], removal=HIDE)
    assert asked.acts() == [
        ("face_searched", "done", asked.both),
        ("faces_forgotten", "2", None),
        ("face_searched", "done", asked.guests),
        ("faces_hidden", "1", asked.guests),
    ]


@pytest.mark.parametrize("role", [Role.GUEST, Role.PHOTOGRAPHER, Role.COUPLE, None], ids=str)
def test_nobody_but_organisers_of_the_event_finds_or_forgets(asked: Asked, role: Role | None) -> None:
    """Without a role: an organiser of another event, who also names that one."""
    world, elsewhere = asked.world, asked.world.event()
    event = elsewhere if role is None else asked.event
    caller = world.join(event, role=role or Role.ORGANISER)
    faces = asked.find(asked.both, 1)
    with pytest.raises(PhotoNotFound):
        world.removals.find_similar(caller, asked.both, 1)
    with pytest.raises(EventNotFound if role is None else OrganiserOnly):
        world.removals.remove(caller, asked.event, faces, FORGET)
    if role is None:
        with pytest.raises(FaceChanged):
            world.removals.remove(caller, elsewhere, faces, HIDE)
    assert asked.places(asked.both) == [0, 1]


# What could bring a face back.


def read_turned(data: bytes) -> Reading:
    return read_looks(show(parse(data)[::-1]), is_reversed=True)


def read_all_again(asked: Asked) -> None:
    """By an engine that sees the faces in another order, each where it is."""
    asked.world.rereader = asked.world.make_rereader(read_turned)
    age(asked.world.db, asked.event)
    asked.world.reread_store.plan()
    while asked.world.rereader.step():
        pass


def read_again_before(asked: Asked) -> None:
    """As far as the swap."""
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
def test_a_newer_engine_does_not_bring_a_face_back(make_asked: Callable[..., Asked], store: type[RereadStore]) -> None:
    asked = make_asked(reread_store=store)
    asked.forget_stranger()
    read_all_again(asked)
    assert (asked.join_as_stranger() == set()) == (store is RereadStore), "the control has it back"
    if store is RereadStore:
        assert asked.places(asked.both) == [0]
        assert asked.value("SELECT face_count FROM matcher.events WHERE id = :event") == 2


@pytest.mark.parametrize("store", [RemovalStore, LeavesLaidAside])
def test_what_a_newer_engine_has_found_before_goes_as_well(
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
def test_a_new_version_of_the_photo_does_not_bring_a_face_back(
    make_asked: Callable[..., Asked], store: type[JobStore], factor: int
) -> None:
    """Also of another size."""
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
def test_a_running_settlement_does_not_bring_a_face_back(
    make_asked: Callable[..., Asked], store: type[RemovalStore]
) -> None:
    """It has read the faces before."""
    asked = make_asked(removal_store=store)
    user = asked.world.join(asked.event)
    asked.world.send_selfie(asked.event, user, 1, STRANGER.place)
    asked.add(Look(39))
    with asked.world.db.begin() as connection:  # found by the settlement alone
        connection.execute(text("DELETE FROM matcher.matches WHERE person_id = :user"), {"user": user})
    job = asked.world.settlement_store.claim(60.0, 0)
    event = job and asked.world.settlement_store.read(job, 1000)
    assert event is not None
    assert job is not None
    asked.forget_stranger()
    assert asked.world.settler.publish(job, event, 0.0) == (store is MarksNothing)
    assert bool(asked.world.found(user) & {asked.both, asked.alone}) == (store is MarksNothing)


@pytest.mark.parametrize("store", [RemovalStore, MarksNothing])
def test_a_running_comparison_does_not_bring_a_face_back(
    make_asked: Callable[..., Asked], store: type[RemovalStore]
) -> None:
    """It has compared with the index of before; the faces that are left are compared under the lock."""
    asked = make_asked(removal_store=store)
    user = asked.world.join(asked.event)
    comparing = asked.world.matches.rematch(make_selfie(asked.event, user, 1, STRANGER.place))
    beside = asked.world.matches.rematch(make_selfie(asked.event, asked.guest, 2, 0))
    for snapshots in (comparing, beside):
        assert [next(snapshots).state.name for _ in range(2)] == ["ACCEPTED", "RUNNING"]
    asked.forget_stranger()
    for snapshots in (comparing, beside):
        assert [*snapshots][-1].state.name == "DONE"
    index = asked.world.index.use(asked.event)
    assert index is not None
    assert (len(index) == 2) == (store is RemovalStore), "memory, too"
    if store is RemovalStore:
        assert asked.world.found(user) == set()
        assert asked.world.found(asked.guest) == {asked.both, asked.guests}
