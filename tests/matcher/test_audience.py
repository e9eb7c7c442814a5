"""Photo visibility and guests' requests to hide photos: in lists, in counts and in pictures."""

from uuid import uuid4

import pytest

from matcher_service.domain import (
    ChangeKind,
    EventNotFound,
    OrganiserOnly,
    PhotoNotFound,
    Variant,
    Visibility,
)
from tests.matcher.audience import Party
from tests.matcher.world import World, make_rematch

MATCHED, EVERYONE, HIDDEN, UNAPPROVED = Visibility


@pytest.fixture
def party(world: World) -> Party:
    return Party(world)


def test_a_guest_sees_matches_and_photos_visible_to_everyone(party: Party) -> None:
    assert party.sees(party.guest) == {party.mine: True, party.shared: True}
    assert party.sees(party.faceless) == {}
    for _ in range(2):  # a repeat changes nothing
        party.set(EVERYONE, party.shared, party.other)
        assert party.sees(party.guest) == {party.mine: True, party.shared: True, party.other: False}
        assert party.sees(party.faceless) == {party.shared: False, party.other: False}
    party.set(MATCHED, party.shared, party.other)
    assert party.sees(party.guest) == {party.mine: True, party.shared: True}
    assert party.sees(party.faceless) == {}


@pytest.mark.parametrize("visibility", [HIDDEN, UNAPPROVED])
def test_no_guest_sees_a_hidden_photo_and_organisers_see_all(party: Party, visibility: Visibility) -> None:
    party.set(EVERYONE, party.shared)
    party.set(visibility, party.mine, party.shared)
    assert party.sees(party.guest) == party.sees(party.faceless) == {}
    for variant in Variant:
        for photo in (party.mine, party.shared, party.other):
            party.world.photos.open_photo(party.world.organiser, photo, variant)
            with pytest.raises(PhotoNotFound):
                party.world.photos.open_photo(party.guest, photo, variant)
    later = party.world.add(party.event, 1)
    assert party.world.rematch(party.event, party.guest, 2, 1) == "DONE"
    assert party.sees(party.guest) == {later: True}, "a rematch restores nothing"
    party.set(MATCHED, party.mine)
    assert party.sees(party.guest) == {party.mine: True, later: True}


def test_a_photo_hidden_before_it_is_read_stays_hidden(party: Party) -> None:
    added = party.world.upload(party.event, [1]).photo_id
    for_all = party.world.upload(party.event, [2]).photo_id
    assert added is not None
    assert for_all is not None
    party.set(HIDDEN, added)
    party.set(EVERYONE, for_all)
    assert for_all not in party.sees(party.guest)
    with pytest.raises(PhotoNotFound):
        party.world.photos.open_photo(party.guest, for_all, Variant.THUMB)
    party.world.index_all()
    assert party.sees(party.guest) == {party.mine: True, party.shared: True, for_all: False}


def test_a_hidden_photo_is_not_counted_as_found(party: Party) -> None:
    party.set(HIDDEN, party.mine)
    *_, last = party.world.matches.rematch(make_rematch(party.event, party.guest, 2, 1))
    assert last.matched == 1


def test_photos_visible_to_everyone_are_visible_to_members_only(party: Party) -> None:
    party.set(EVERYONE, party.other)
    stranger = party.world.join(party.world.event())
    with pytest.raises(PhotoNotFound):
        party.world.photos.open_photo(stranger, party.other, Variant.THUMB)
    assert party.world.seen(None, stranger) == {}
    party.world.leave(party.event, party.faceless)
    assert party.world.seen(None, party.faceless) == {}
    party.world.change(ChangeKind.EVENT_DELETED, event_id=party.event)
    assert party.world.seen(None, party.guest) == {}


def test_only_organisers_change_the_visibility_of_photos(party: Party) -> None:
    world, other_event = party.world, party.world.event()
    other_organiser = uuid4()
    for user, fault in ((party.guest, OrganiserOnly), (other_organiser, EventNotFound)):
        with pytest.raises(fault):
            world.audience.set_visibility(user, party.event, [party.mine], HIDDEN)
        with pytest.raises(fault):
            world.audience.dismiss_requests(user, party.event, [party.mine])
        with pytest.raises(fault):
            world.photos.delete_photos(user, party.event, [party.mine])
    world.audience.set_visibility(world.organiser, other_event, [party.mine, uuid4()], HIDDEN)
    world.photos.delete_photos(world.organiser, other_event, [party.mine, uuid4()])
    assert party.sees(party.guest) == {party.mine: True, party.shared: True}, "photos of another event are skipped"


def test_a_guest_can_reject_only_photos_shown_as_theirs(party: Party) -> None:
    party.set(EVERYONE, party.shared, party.other)
    party.set(HIDDEN, party.mine)
    for photo in (party.mine, party.other):
        with pytest.raises(PhotoNotFound):
            party.world.matches.refuse_match(party.guest, photo)
    party.world.matches.refuse_match(party.guest, party.shared)
    assert party.sees(party.guest) == {party.shared: False, party.other: False}
    party.set(HIDDEN, party.shared)
    party.world.matches.restore_match(party.guest, party.shared)
    assert party.sees(party.guest) == {party.other: False}
    party.set(MATCHED, party.shared)
    assert party.sees(party.guest) == {party.shared: True, party.other: False}


def test_a_photo_stays_hidden_from_the_guest_who_asked_to_hide_it(party: Party) -> None:
    world = party.world
    party.set(EVERYONE, party.shared, party.other)
    for photo in (party.mine, party.other, party.other):
        world.audience.ask_to_hide(party.guest, photo)
    assert party.sees(party.guest) == {party.shared: True}
    assert party.sees(party.faceless) == {party.shared: False, party.other: False}, "other guests still see it"
    assert world.rematch(party.event, party.guest, 2, 2) == "DONE"
    assert party.sees(party.guest) == {party.shared: True}, "also after a later selfie"
    assert world.rematch(party.event, party.guest, 3, 1) == "DONE"
    assert party.sees(party.guest) == {party.shared: True}
    for _ in range(2):
        world.audience.undo_ask_to_hide(party.guest, party.mine)
    assert party.sees(party.guest) == {party.mine: True, party.shared: True}


def test_a_request_to_hide_made_before_the_first_selfie_remains_in_force(party: Party) -> None:
    party.set(EVERYONE, party.shared)
    party.world.audience.ask_to_hide(party.faceless, party.shared)
    assert party.world.rematch(party.event, party.faceless, 1, 2) == "DONE"
    assert party.sees(party.faceless) == {party.other: True}


def test_only_a_guest_who_sees_a_photo_can_ask_to_hide_it(party: Party) -> None:
    stranger = party.world.join(party.world.event())
    party.set(HIDDEN, party.shared)
    pairs = [
        (party.guest, party.other),
        (party.guest, party.shared),
        (party.faceless, party.mine),
        (stranger, party.mine),
        (party.guest, uuid4()),
    ]
    for user, photo in pairs:
        for ask in (party.world.audience.ask_to_hide, party.world.audience.undo_ask_to_hide):
            with pytest.raises(PhotoNotFound):
                ask(user, photo)
    assert party.world.count("hide_requests") == 0


def test_organisers_accept_or_dismiss_a_request_to_hide(party: Party) -> None:
    world = party.world
    party.set(EVERYONE, party.shared)
    for user, photo in ((party.guest, party.mine), (party.guest, party.shared), (party.faceless, party.shared)):
        world.audience.ask_to_hide(user, photo)
    assert world.hide_requests(party.event) == {party.mine: 1, party.shared: 2}
    for _ in range(2):
        world.audience.dismiss_requests(world.organiser, party.event, [party.mine])
        assert world.hide_requests(party.event) == {party.shared: 2}
        world.audience.ask_to_hide(party.guest, party.mine)
    assert party.sees(party.guest) == {}, "a dismissed request still hides the photo from its guest"
    party.set(HIDDEN, party.shared)
    assert world.hide_requests(party.event) == {}
    party.set(EVERYONE, party.shared)
    assert (world.hide_requests(party.event), party.sees(party.guest), party.sees(party.faceless)) == ({}, {}, {})
    world.audience.undo_ask_to_hide(party.faceless, party.shared)
    assert party.sees(party.faceless) == {party.shared: False}
    world.audience.ask_to_hide(party.faceless, party.shared)
    assert world.hide_requests(party.event) == {party.shared: 1}, "a new request is counted"


@pytest.mark.parametrize("kind", [ChangeKind.LEFT, ChangeKind.USER_ERASED])
def test_a_request_to_hide_is_deleted_with_its_guest(party: Party, kind: ChangeKind) -> None:
    party.world.audience.ask_to_hide(party.guest, party.mine)
    about = {"user_id": party.guest} | ({"event_id": party.event} if kind is ChangeKind.LEFT else {})
    party.world.change(kind, **about)
    assert party.world.count("hide_requests") == 0
    assert party.world.hide_requests(party.event) == {}


def test_a_request_to_hide_is_deleted_with_its_photo(party: Party) -> None:
    party.world.audience.ask_to_hide(party.guest, party.mine)
    party.world.photos.delete_photos(party.world.organiser, party.event, [party.mine, party.shared])
    assert party.world.count("hide_requests") == 0
    assert party.world.count("photos") == 1
    counts = party.world.photos.count(party.world.organiser, [party.event])[0]
    assert (counts.indexed, counts.faces) == (1, 1)
