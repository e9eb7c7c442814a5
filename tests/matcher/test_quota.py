"""The quota of an event: how many photos it may have."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest

from matcher_service.domain import AddedPhoto, GuestPhotos, PhotoState
from matcher_service.reading import Reading
from matcher_service.store import photos as photo_store
from tests.matcher import world as matcher_world
from tests.matcher.scripted_photos import photo_of
from tests.matcher.world import MakeWorld, World

MOST = 3
FULL = (PhotoState.REFUSED, "TOO_MANY_EVENT_PHOTOS", None)


@pytest.fixture
def world(make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(matcher_world, "PHOTOS_PER_EVENT", MOST)
    return make_world()


def fill(world: World, event: UUID) -> list[AddedPhoto]:
    return [world.upload(event, [1], str(number)) for number in range(MOST)]


def outcome(added: AddedPhoto) -> tuple[PhotoState, str, UUID | None]:
    return added.state, added.reason, added.photo_id


def test_a_full_event_accepts_no_new_photo_of_any_member(world: World) -> None:
    event, other = world.event(GuestPhotos.OPEN), world.event()
    guest = world.join(event)
    assert {added.state for added in fill(world, event)} == {PhotoState.PENDING}
    assert outcome(world.upload(event, [1], "one more")) == FULL
    assert outcome(world.upload(event, [1], "one more", who=guest)) == FULL
    assert world.upload(other, [1], "one more").state is PhotoState.PENDING, "each event has its own quota"
    world.sweep()
    assert len(world.files()) == world.count("photos"), "rejected uploads leave no file"


def test_a_full_event_accepts_known_bytes_and_retries(world: World) -> None:
    event, data = world.event(), photo_of([1], "broken")
    world.add_file(event, data)
    assert world.make_indexer(lambda _: Reading(reason="unreadable")).step()
    for number in range(MOST - 1):
        world.upload(event, [1], str(number))
    again = world.add_file(event, data)
    assert (again.state, again.existing) == (PhotoState.PENDING, True)
    assert world.upload(event, [1], "0").existing


def test_a_deletion_makes_room_for_one_photo(world: World) -> None:
    event = world.event()
    first = fill(world, event)[0]
    assert first.photo_id
    world.photos.delete_photo(world.organiser, first.photo_id)
    assert world.upload(event, [1], "new").state is PhotoState.PENDING
    assert outcome(world.upload(event, [1], "newer")) == FULL


def test_concurrent_uploads_do_not_exceed_the_quota(world: World) -> None:
    event = world.event()
    with ThreadPoolExecutor(2 * MOST) as uploads:
        added = list(uploads.map(lambda number: world.upload(event, [1], str(number)), range(2 * MOST)))
    assert sum(one.state is PhotoState.PENDING for one in added) == world.count("photos") == MOST


def test_control_without_the_check_an_event_exceeds_its_quota(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photo_store, "check_room", lambda event, most: None)
    event = world.event()
    fill(world, event)
    assert world.upload(event, [1], "one more").state is PhotoState.PENDING
