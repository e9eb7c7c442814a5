"""Galleries of a guest who searches for several people."""

from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection

from kit.db.pages import Page
from matcher_service.domain import NEWEST_FIRST, ChangeKind, PhotoNotFound, Variant
from matcher_service.store import matches as matches_module
from matcher_service.store import refusals
from tests.matcher.world import World

ALL = Page("test", 50, None)


def look_for_two(world: World) -> tuple[UUID, UUID, UUID, dict[str, UUID]]:
    """An event, a guest, the guest's second person, and photos of the guest, of the second person, and of both."""
    event = world.event()
    guest, mia = world.join(event), uuid4()
    photos = {"me": world.add(event, 1), "mia": world.add(event, 2), "both": world.add(event, 1, 2)}
    assert world.rematch(event, guest, 1, 1) == world.rematch(event, guest, 1, 2, mia) == "DONE"
    return event, guest, mia, photos


def list_of(world: World, user: UUID, event: UUID | None, person: UUID | None) -> set[UUID]:
    matches, total = world.match_store.list_matches(user, event, ALL, NEWEST_FIRST, person)
    assert total == len(matches)
    return {match.photo_id for match in matches}


@pytest.mark.parametrize("everywhere", [False, True])
def test_each_person_has_their_own_list(world: World, everywhere: bool) -> None:
    event, guest, mia, photos = look_for_two(world)
    where = None if everywhere else event
    assert list_of(world, guest, where, None) == list_of(world, guest, where, guest) == {photos["me"], photos["both"]}
    assert list_of(world, guest, where, mia) == {photos["mia"], photos["both"]}


def test_a_guest_can_download_the_photos_of_all_their_people(world: World) -> None:
    event, guest, _, photos = look_for_two(world)
    other = world.join(event)
    for photo in photos.values():
        assert world.photo_store.find_shown(photo, guest, Variant.THUMB)
        assert not world.photo_store.find_shown(photo, other, Variant.THUMB)


def test_a_person_of_another_account_has_no_photos_for_the_caller(world: World) -> None:
    """Gets the same answer as for an unknown person."""
    event, _, mia, photos = look_for_two(world)
    other = world.join(event)
    assert list_of(world, other, event, mia) == list_of(world, other, event, uuid4()) == set()
    with pytest.raises(PhotoNotFound):
        world.matches.refuse_match(other, photos["mia"], mia)
    with pytest.raises(PhotoNotFound):
        world.matches.restore_match(other, photos["mia"], mia)
    assert world.found(mia) == {photos["mia"], photos["both"]}


def test_control_a_list_that_ignores_the_owner_shows_them(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def trust(connection: Connection, user_id: UUID, person_id: UUID | None) -> dict[str, UUID]:
        return {"user": user_id, "person": person_id or user_id}

    monkeypatch.setattr(matches_module, "find_viewer", trust)
    event, _, mia, photos = look_for_two(world)
    assert list_of(world, world.join(event), event, mia) == {photos["mia"], photos["both"]}


def test_control_a_rejection_that_ignores_the_owner_removes_a_match_of_another_account(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refusals, "_is_own", lambda connection, values: True)
    event, _, mia, photos = look_for_two(world)
    world.matches.refuse_match(world.join(event), photos["mia"], mia)
    assert world.found(mia) == {photos["both"]}


def test_a_photo_is_rejected_for_one_person_only(world: World) -> None:
    event, guest, mia, photos = look_for_two(world)
    world.matches.refuse_match(guest, photos["both"], mia)
    assert list_of(world, guest, event, mia) == {photos["mia"]}
    assert list_of(world, guest, event, None) == {photos["me"], photos["both"]}
    world.settle_all()
    assert list_of(world, guest, event, mia) == {photos["mia"]}


def test_a_photo_of_two_people_counts_once(world: World) -> None:
    event, guest, _, _ = look_for_two(world)
    assert world.matches.count_matches(world.organiser, event, [guest]) == {guest: 3}
    assert world.matches.count_for_notices(event, [guest]).of_each == {guest: 3}


def test_a_guest_with_photos_of_only_one_person_has_photos(world: World) -> None:
    event = world.event()
    guest, mia = world.join(event), uuid4()
    world.add(event, 2)
    world.rematch(event, guest, 1, 1)
    assert world.photo_store.count_guests([event]) == {event: (1, 1)}
    world.rematch(event, guest, 1, 2, mia)
    assert world.photo_store.count_guests([event]) == {event: (1, 0)}


def test_forgetting_one_person_keeps_the_other(world: World) -> None:
    event, guest, mia, photos = look_for_two(world)
    assert world.rematch(event, guest, 2, None, mia) == "DONE"
    assert world.found(mia) == set()
    assert world.found(guest) == {photos["me"], photos["both"]}
    assert world.rematch(event, guest, 1, 2, mia) == "SUPERSEDED"


def test_later_photos_are_matched_with_every_person(world: World) -> None:
    event, guest, mia, _ = look_for_two(world)
    later = world.add(event, 2)
    assert later in world.found(mia)
    assert later not in world.found(guest)


def test_erasing_an_account_forgets_all_its_people(world: World) -> None:
    _, guest, mia, _ = look_for_two(world)
    world.change(ChangeKind.USER_ERASED, user_id=guest)
    assert world.found(guest) == world.found(mia) == set()
    assert world.count("people") == 0
