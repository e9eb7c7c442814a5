"""Settling of events: matches before and after it, and how events are claimed."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, text

from kit.errors import DatabaseUnavailable
from matcher_service.domain import ChangeKind, GuestPhotos, Settlement, Visibility
from matcher_service.rules import Limits
from matcher_service.settler import Settler
from matcher_service.store import SettlementStore
from tests.harness.databases import lose_commits
from tests.matcher.looks import Look, LooksWorld, show
from tests.matcher.world import MAX_FACES, TOLERANCE

# Seen from a selfie at 0: two templates, and a face that the second one finds and the selfie does not (at 0.84 > 0.6).
TEMPLATES = (Look(5), Look(6))
FAR = Look(12)
LEASE_S = 60.0


@pytest.fixture
def make_world(make_db: Callable[[str], Engine], tmp_path: Path) -> Callable[..., LooksWorld]:
    return lambda **twins: LooksWorld(make_db("matcher"), tmp_path / "blobs", **twins)


@pytest.fixture
def world(make_world: Callable[..., LooksWorld]) -> LooksWorld:
    return make_world()


class Gallery:
    """An event whose guest, at 0, has two photos that are templates and one that the second of them finds."""

    def __init__(self, world: LooksWorld) -> None:
        self.world = world
        self.event = world.event(GuestPhotos.OPEN)
        self.guest = world.join(self.event)
        self.near = [world.add_looks(self.event, look) for look in TEMPLATES]
        self.far = world.add_looks(self.event, FAR)
        assert world.send_selfie(self.event, self.guest, 1, 0) == "DONE"

    def found(self) -> set[UUID]:
        return self.world.found(self.guest)

    def settle(self) -> set[UUID]:
        self.world.settle_all()
        return self.found()


@pytest.fixture
def gallery(world: LooksWorld) -> Gallery:
    return Gallery(world)


def test_direct_matches_appear_immediately_and_the_rest_when_the_event_is_settled(gallery: Gallery) -> None:
    assert gallery.found() == set(gallery.near)
    assert gallery.settle() == {*gallery.near, gallery.far}
    assert set(gallery.world.seen(gallery.event, gallery.guest)) == gallery.found()


def test_a_match_found_by_growth_is_removed_with_the_photo_that_led_to_it(gallery: Gallery) -> None:
    gallery.settle()
    gallery.world.photos.delete_photo(gallery.world.organiser, gallery.near[1])
    assert gallery.settle() == {gallery.near[0]}


def test_matches_found_by_growth_are_removed_with_the_selfie_and_kept_for_the_same_one(gallery: Gallery) -> None:
    everything = gallery.settle()
    assert gallery.world.send_selfie(gallery.event, gallery.guest, 2, 0) == "DONE"
    assert gallery.found() == everything
    assert gallery.world.send_selfie(gallery.event, gallery.guest, 3, 1) == "DONE"
    assert gallery.found() == set(gallery.near)
    assert gallery.world.send_selfie(gallery.event, gallery.guest, 4, None) == "DONE"
    assert gallery.found() == set()


def test_a_guests_photo_is_no_template_until_an_organiser_adds_it_too(world: LooksWorld) -> None:
    event = world.event(GuestPhotos.OPEN)
    guest, other = world.join(event), world.join(event)
    data = show([TEMPLATES[1]])
    world.add_file(event, data, who=other)
    world.add_looks(event, TEMPLATES[0])
    far = world.add_looks(event, FAR)
    world.send_selfie(event, guest, 1, 0)
    world.settle_all()
    assert far not in world.found(guest)
    world.add_file(event, data)
    world.settle_all()
    assert far in world.found(guest)


@pytest.mark.parametrize(("size", "is_found"), [(59, False), (60, True)])
def test_a_face_below_60_pixels_is_no_template(world: LooksWorld, size: int, is_found: bool) -> None:
    event = world.event()
    guest = world.join(event)
    world.add_looks(event, TEMPLATES[0])
    world.add_looks(event, Look(TEMPLATES[1].place, size))
    far = world.add_looks(event, FAR)
    world.send_selfie(event, guest, 1, 0)
    world.settle_all()
    assert (far in world.found(guest)) is is_found


def test_settling_assigns_a_face_to_the_nearer_person_until_that_person_leaves(
    world: LooksWorld,
) -> None:
    event = world.event()
    guest, other = world.join(event), world.join(event)
    photo = world.add_looks(event, Look(7))
    for user, place in ((guest, 0), (other, 12)):
        world.send_selfie(event, user, 1, place)
    assert world.found(guest) == world.found(other) == {photo}
    world.settle_all()
    assert (world.found(guest), world.found(other)) == (set(), {photo})
    world.leave(event, other)
    world.settle_all()
    assert world.found(guest) == {photo}


def test_a_hidden_photo_that_growth_finds_is_not_shown(gallery: Gallery) -> None:
    gallery.world.audience.set_visibility(gallery.world.organiser, gallery.event, [gallery.far], Visibility.HIDDEN)
    assert gallery.far in gallery.settle()
    assert set(gallery.world.seen(gallery.event, gallery.guest)) == set(gallery.near)


def test_an_event_with_too_many_faces_has_only_direct_matches(gallery: Gallery) -> None:
    gallery.settle()
    gallery.world.add_looks(gallery.event, Look(40))
    store = gallery.world.settlement_store
    assert Settler(store, Limits(tolerance=TOLERANCE), 3, Event(), gallery.world.two_faces, delay_s=0).step()
    assert gallery.found() == set(gallery.near)


def count_commits(world: LooksWorld) -> int:
    with world.db.begin() as connection:
        count: int = connection.execute(text("SELECT sum(attempt) FROM matcher.settlements")).scalar_one()
        return count


def test_an_event_is_settled_once_per_change(gallery: Gallery) -> None:
    gallery.settle()
    before = count_commits(gallery.world)
    assert not gallery.world.settler.step()
    gallery.world.add_looks(gallery.event)  # without a face, nothing changes
    assert not gallery.world.settler.step()
    assert count_commits(gallery.world) == before
    assert gallery.world.settlement_store.read_queue() == (0, 0.0)


def claim(world: LooksWorld, lease_s: float = LEASE_S, delay_s: float = 0.0) -> Settlement | None:
    return SettlementStore(world.db).claim(lease_s, delay_s)


def test_settlers_claim_different_events_starting_with_the_longest_wait(world: LooksWorld) -> None:
    galleries = [Gallery(world) for _ in range(2)]
    taken = [claim(world) for _ in range(3)]
    assert [job and job.event_id for job in taken] == [gallery.event for gallery in galleries] + [None]


def test_a_changed_event_is_settled_after_a_short_delay(gallery: Gallery) -> None:
    assert claim(gallery.world, delay_s=60) is None
    assert claim(gallery.world, delay_s=0) is not None


def test_the_lease_grows_with_the_faces_and_people_of_the_event(gallery: Gallery) -> None:
    store = gallery.world.settlement_store
    assert store.claim(-1, 0)
    assert store.claim(-1, 0, lease_of_pair_s=60), "the control: the previous lease expired immediately"
    assert store.claim(-1, 0) is None


def test_a_constantly_changing_event_waits_for_its_next_turn(gallery: Gallery) -> None:
    world, store = gallery.world, gallery.world.settlement_store
    job = claim(world)
    assert job
    event = store.read(job, MAX_FACES)
    assert event
    world.add_looks(gallery.event, Look(1))
    assert store.publish(job, event, [], [], rest_s=60)
    assert claim(world) is None
    assert store.read_queue()[0] == 1
    other = Gallery(world)
    job = claim(world)
    assert job
    assert job.event_id == other.event


def test_the_job_of_a_dead_settler_is_taken_over_and_its_late_publish_is_rejected(gallery: Gallery) -> None:
    world, store = gallery.world, gallery.world.settlement_store
    dead = claim(world, lease_s=-1)
    assert dead
    event = store.read(dead, MAX_FACES)
    assert event
    assert gallery.settle() == {*gallery.near, gallery.far}
    everything = [(gallery.guest, photo) for photo in gallery.found()]
    assert not store.publish(dead, event, everything, [], rest_s=0)
    assert store.read(dead, MAX_FACES) is None
    assert len(gallery.found()) == 3


def test_a_lost_commit_leaves_the_event_unsettled(gallery: Gallery) -> None:
    lose_commits(gallery.world.db, "matcher.matches")
    with pytest.raises(DatabaseUnavailable):
        gallery.world.settler.step()
    assert gallery.found() == set(gallery.near)
    assert gallery.world.settlement_store.read_queue()[0] == 1


REFUSE = """
INSERT INTO matcher.refusals SELECT event_id, :person, photo_id, face_no FROM matcher.faces WHERE event_id = :event
"""
LEAVE = "UPDATE matcher.people SET encodings = NULL WHERE event_id = :event AND person_id = :person"


@pytest.mark.parametrize("change", [REFUSE, LEAVE], ids=["refusal", "leave"])
def test_unmarked_changes_by_a_process_of_the_previous_version_are_respected(gallery: Gallery, change: str) -> None:
    world = gallery.world
    job = claim(world)
    assert job
    event = world.settlement_store.read(job, MAX_FACES)
    assert event
    with world.db.begin() as connection:
        connection.execute(text("DELETE FROM matcher.matches"))
        connection.execute(text(change), {"event": gallery.event, "person": gallery.guest})
    assert world.settler.publish(job, replace(event, matches={}), 0.0)
    assert gallery.found() == set()


def test_a_deleted_event_is_not_settled(gallery: Gallery) -> None:
    world = gallery.world
    job = claim(world)
    assert job
    world.change(ChangeKind.EVENT_DELETED, event_id=gallery.event)
    assert world.settlement_store.read(job, MAX_FACES) is None
    world.settlement_store.rest(job, 0)
    assert claim(world) is None
    assert world.settlement_store.read_queue()[0] == 0
    world.sweep()
    assert world.count("settlements") == 0


def test_the_log_states_what_was_settled(gallery: Gallery, capsys: pytest.CaptureFixture[str]) -> None:
    gallery.settle()
    said: Any = capsys.readouterr().out
    assert "event_settled" in said
    assert str(gallery.event) in said
