"""Faces that resemble a rejected face are not shown, neither immediately nor after settling."""

import importlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, text

from tests.matcher.looks import Look, LooksWorld, make_selfie, show

# Distances from a selfie at 0 with a tolerance of 8: two faces of a burst, and one nearer to the guest.
WRONG, LIKE_IT, OWN = Look(8), Look(7), Look(1)


@pytest.fixture
def world(make_db: Callable[[str], Engine], tmp_path: Path) -> LooksWorld:
    return LooksWorld(make_db("matcher"), tmp_path / "blobs")


class Burst:
    """An event whose guest, at 0, is shown two photos of another person and one of their own."""

    def __init__(self, world: LooksWorld) -> None:
        self.world = world
        self.event = world.event()
        self.guest = world.join(self.event)
        self.wrong, self.like_it, self.own = (world.add_looks(self.event, look) for look in (WRONG, LIKE_IT, OWN))
        self.send_selfie(1)
        assert self.settle() == {self.wrong, self.like_it, self.own}

    def send_selfie(self, revision: int) -> set[UUID]:
        assert self.world.send_selfie(self.event, self.guest, revision, 0) == "DONE"
        return self.found()

    def refuse(self, *photos: UUID) -> None:
        for photo in photos:
            self.world.matches.refuse_match(self.guest, photo)

    def restore(self, photo: UUID) -> set[UUID]:
        self.world.matches.restore_match(self.guest, photo)
        return self.found()

    def settle(self) -> set[UUID]:
        self.world.settle_all()
        return self.found()

    def found(self) -> set[UUID]:
        return self.world.found(self.guest)


@pytest.fixture
def burst(world: LooksWorld) -> Burst:
    return Burst(world)


def test_rejecting_one_photo_of_a_burst_removes_the_others_until_it_is_undone(burst: Burst) -> None:
    burst.refuse(burst.wrong)
    assert burst.settle() == {burst.own}
    assert burst.restore(burst.wrong) == {burst.wrong, burst.own}
    assert burst.settle() == {burst.wrong, burst.like_it, burst.own}


def add_photo(burst: Burst) -> set[UUID]:
    burst.refuse(burst.wrong)
    burst.settle()
    burst.world.add_looks(burst.event, LIKE_IT)
    return burst.found()


def send_selfie_again(burst: Burst) -> set[UUID]:
    burst.refuse(burst.wrong)
    burst.settle()
    return burst.send_selfie(2)


def undo_one_of_two(burst: Burst) -> set[UUID]:
    burst.refuse(burst.wrong, burst.like_it)
    burst.settle()
    return burst.restore(burst.like_it)


PATHS = [("jobs", add_photo), ("matches", send_selfie_again), ("refusals", undo_one_of_two)]


@pytest.mark.parametrize(("module", "path"), PATHS)
def test_photos_removed_by_a_rejection_are_not_shown_before_the_event_is_settled(
    burst: Burst, module: str, path: Callable[[Burst], set[UUID]]
) -> None:
    assert path(burst) == burst.settle() == {burst.own}


@pytest.mark.parametrize(("module", "path"), PATHS)
def test_control_direct_matches_that_ignore_rejections_show_them(
    burst: Burst, module: str, path: Callable[[Burst], set[UUID]], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = importlib.import_module(f"matcher_service.store.{module}")
    monkeypatch.setattr(store, "read_rejected", lambda *_: {})
    assert path(burst) > {burst.own}


def test_another_face_of_the_photo_can_still_match_the_guest(burst: Burst) -> None:
    burst.refuse(burst.wrong)
    both = burst.world.add_looks(burst.event, LIKE_IT, OWN)
    assert both in burst.found()
    burst.settle()
    assert both in burst.send_selfie(2)
    assert both in burst.settle()


def test_a_rejection_does_not_affect_other_guests(burst: Burst) -> None:
    other = burst.world.join(burst.event)
    burst.world.send_selfie(burst.event, other, 1, 0)
    burst.refuse(burst.wrong)
    burst.settle()
    assert burst.world.found(other) == {burst.wrong, burst.like_it, burst.own}


def test_each_person_of_an_account_has_their_own_rejections(burst: Burst) -> None:
    """A guest at 0 looks for a second person, also at 0: each rejects a photo, and sends a selfie again."""
    other = uuid4()

    def send_selfie(revision: int) -> set[UUID]:
        rematch = replace(make_selfie(burst.event, burst.guest, revision, 0), person_id=other)
        *_, last = burst.world.matches.rematch(rematch)
        assert last.state.name == "DONE"
        return burst.world.found(other)

    burst.refuse(burst.wrong)
    assert send_selfie(1) == {burst.wrong, burst.like_it, burst.own}
    burst.restore(burst.wrong)
    burst.world.matches.refuse_match(burst.guest, burst.wrong, other)
    assert send_selfie(2) == {burst.own}
    assert burst.send_selfie(2) == {burst.wrong, burst.like_it, burst.own}


def test_a_rejection_is_deleted_with_its_photo(burst: Burst) -> None:
    burst.refuse(burst.wrong)
    burst.settle()
    burst.world.photos.delete_photo(burst.world.organiser, burst.wrong)
    assert burst.settle() == {burst.like_it, burst.own}


def test_a_rejection_of_a_replaced_version_affects_no_other_photo(burst: Burst) -> None:
    burst.world.add_file(burst.event, show([WRONG]), "w.jpg")
    burst.world.index_all()
    [photo] = burst.settle() - {burst.wrong, burst.like_it, burst.own}
    burst.refuse(photo)
    assert burst.settle() == {burst.own}
    burst.world.add_file(burst.event, show([Look(30), WRONG]), "w.jpg", replaces=True)
    burst.world.index_all()
    assert burst.settle() == {burst.wrong, burst.like_it, burst.own}, "the rejected photo itself stays hidden"


def test_a_rejection_from_before_the_migration_affects_no_other_photo(burst: Burst) -> None:
    burst.refuse(burst.wrong)
    with burst.world.db.begin() as connection:
        connection.execute(text("UPDATE matcher.refusals SET rejected = false"))  # as the migration leaves it
    assert burst.settle() == {burst.like_it, burst.own}
