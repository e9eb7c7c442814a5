"""Held-back photos: guests neither see nor receive hints of them before the release, and see all of them afterwards."""

from typing import Any

import pytest

from kit.db.pages import Page
from matcher_service.domain import (
    Download,
    DownloadNotOffered,
    Listing,
    PhotoNotFound,
    Rematch,
    Role,
    Variant,
    Visibility,
)
from matcher_service.store import ReleaseStore
from tests.matcher.audience import Party
from tests.matcher.release import CountsForgetTheRelease, ListsForgetTheRelease, PicturesForgetTheRelease
from tests.matcher.world import MakeWorld, World, make_rematch


def count_matches(world: World, rematch: Rematch) -> int:
    """The number of matches reported to selfie_service."""
    *_, last = world.matches.rematch(rematch)
    return last.matched


def hold_back(world: World) -> Party:
    """Holds the photos back and asserts that every request of a guest finds nothing."""
    party = Party(world)
    party.set(Visibility.EVERYONE, party.other)
    expected = {party.mine: True, party.shared: True, party.other: False}
    assert party.sees(party.guest) == expected
    for releases_in_s in (None, 3600):
        world.offer(party.event, True, releases_in_s)
        assert party.sees(party.guest) == party.sees(party.faceless) == {}
        assert world.seen(None, party.guest) == {}
        assert count_matches(world, make_rematch(party.event, party.guest, 2, 1)) == 0
        for ask in (
            world.matches.refuse_match,
            world.matches.restore_match,
            world.audience.ask_to_hide,
            world.audience.undo_ask_to_hide,
        ):
            with pytest.raises(PhotoNotFound):
                ask(party.guest, party.mine)
    return party


def test_guests_cannot_see_held_back_photos(world: World) -> None:
    party = hold_back(world)
    new = world.add(party.event, 1)
    assert party.sees(party.guest) == {}
    world.offer(party.event, True, -1)
    assert party.sees(party.guest) == {party.mine: True, party.shared: True, party.other: False, new: True}
    assert count_matches(world, make_rematch(party.event, party.guest, 3, 1)) == 3
    world.offer(party.event, True)
    assert party.sees(party.guest) == {}, "held back again"
    world.offer(party.event, False)
    assert len(party.sees(party.guest)) == 4


@pytest.mark.parametrize(
    "twin",
    [
        {"match_store": ListsForgetTheRelease},
        {"match_store": CountsForgetTheRelease},
        {"photo_store": PicturesForgetTheRelease},
    ],
    ids=lambda twin: next(iter(twin.values())).__name__,
)
def test_control_if_one_component_ignores_the_release_photos_are_visible(
    make_world: MakeWorld, twin: dict[str, Any]
) -> None:
    with pytest.raises(AssertionError):
        hold_back(make_world(**twin))


def test_organisers_see_held_back_photos(world: World) -> None:
    party = Party(world)
    other = world.join(party.event, role=Role.ORGANISER)
    world.offer(party.event, True, download=Download.NONE)
    assert world.rematch(party.event, other, 1, 1) == "DONE"
    assert world.match_store.list_matches(other, party.event, Page("", 50, None))[1] == 2
    for photo in (party.mine, party.other):
        world.photos.open_photo(other, photo, Variant.ORIGINAL)
    photos, total = world.photos.list_photos(other, party.event, Page("", 50, None), Listing())
    assert (len(photos), total) == (3, 3)


def test_a_change_without_an_offer_keeps_the_offer(world: World) -> None:
    """Processes of the previous version append such changes."""
    party = Party(world)
    world.offer(party.event, True, 3600, download=Download.NONE)
    world.offer(party.event, None)  # type: ignore[arg-type]
    assert party.sees(party.guest) == {}
    world.offer(party.event, False)
    with pytest.raises(DownloadNotOffered):
        world.photos.open_photo(party.guest, party.mine, Variant.ORIGINAL)


def test_the_release_is_announced_once(world: World) -> None:
    releases, now, later = ReleaseStore(world.db), Party(world), Party(world)
    world.offer(now.event, True, -1)
    world.offer(later.event, True, 3600)
    assert [releases.release_due(), releases.release_due()] == [True, False]
    assert now.sees(now.guest)
    assert later.sees(later.guest) == {}


@pytest.mark.parametrize("download", Download)
def test_guests_can_download_only_the_offered_sizes(world: World, download: Download) -> None:
    party = Party(world)
    world.offer(party.event, False, download=download)
    matches, _ = world.match_store.list_matches(party.guest, party.event, Page("", 50, None))
    assert {match.download for match in matches} == {download}
    for variant in Variant:
        if variant is Variant.ORIGINAL and download is not Download.ORIGINAL:
            with pytest.raises(DownloadNotOffered):
                world.photos.open_photo(party.guest, party.mine, variant)
            with pytest.raises(PhotoNotFound):
                world.photos.open_photo(party.guest, party.other, variant)
            continue
        shown, _ = world.photos.open_photo(party.guest, party.mine, variant)
        assert shown.download is download
        assert world.photos.open_photo(world.organiser, party.mine, variant)[0].download is Download.ORIGINAL
