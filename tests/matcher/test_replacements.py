"""New versions of photos: which photo they replace, what is kept, and what guests see until they are read."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from kit.db.pages import Page
from matcher_service.domain import (
    NEWEST_FIRST,
    AddedPhoto,
    GuestPhotos,
    Photo,
    PhotoState,
    Replacement,
    Role,
    Variant,
    Visibility,
)
from tests.matcher.party import check
from tests.matcher.scripted_photos import photo_of
from tests.matcher.world import LEASE_S, World

REPLACED, AMBIGUOUS = Replacement.REPLACED, Replacement.AMBIGUOUS


def send(world: World, event: UUID, name: str, *people: int, version: str = "1", **how: Any) -> AddedPhoto:
    return world.add_file(event, photo_of(people, f"{name} {version}"), name, **how)


def add(world: World, event: UUID, name: str, *people: int, **how: Any) -> UUID:
    """Uploads and indexes a photo."""
    photo = send(world, event, name, *people, **how).photo_id
    world.index_all()
    assert photo
    return photo


def replace(world: World, event: UUID, name: str, *people: int, version: str = "2", **how: Any) -> AddedPhoto:
    return send(world, event, name, *people, version=version, replaces=True, **how)


def photos(world: World, event: UUID) -> list[Photo]:
    found, total = world.photos.list_photos(world.organiser, event, Page("", 50, None), NEWEST_FIRST)
    assert total == len(found)
    return found


def expect_order(world: World, event: UUID, files: int) -> None:
    """Asserts the order of the photos, the number of files, and that `check` finds nothing."""
    world.sweep()
    assert check(world) == []
    assert len(world.files()) == files


def test_a_photo_keeps_its_position_and_content_until_its_new_version_is_read(world: World) -> None:
    event = world.event()
    ann, bob = world.join(event), world.join(event)
    for guest, who in ((ann, 1), (bob, 2)):
        world.rematch(event, guest, 1, who)
    first, photo, last = (add(world, event, name, 1) for name in ("a.jpg", "b.jpg", "c.jpg"))
    before = photos(world, event)
    added = replace(world, event, "b.jpg", 1, 2)
    assert (added.photo_id, added.state, added.replacement) == (photo, PhotoState.INDEXED, REPLACED)
    waiting = photos(world, event)[1]
    assert (waiting.new_version, waiting.versions) == (PhotoState.PENDING, before[1].versions)
    assert (set(world.seen(event, ann)), world.seen(event, bob)) == ({first, photo, last}, {})
    assert world.photos.open_photo(ann, photo, Variant.THUMB)
    world.index_all()
    after = photos(world, event)
    assert [one.id for one in after] == [one.id for one in before] == [last, photo, first]
    assert (after[1].new_version, after[1].face_count, after[1].created_at) == (None, 2, before[1].created_at)
    assert not set(after[1].versions.values()) & set(before[1].versions.values()), "other addresses"
    assert (set(world.seen(event, ann)), set(world.seen(event, bob))) == ({first, photo, last}, {photo})
    [counts] = world.photos.count(world.organiser, [event])
    assert (counts.indexed, counts.pending, counts.failed, counts.faces) == (3, 0, 0, 4)
    expect_order(world, event, files=15)


def test_a_guest_who_is_not_in_the_new_version_loses_the_match(world: World) -> None:
    event = world.event()
    ann, bob = world.join(event), world.join(event)
    photo = add(world, event, "a.jpg", 1)
    world.rematch(event, ann, 1, 1)
    replace(world, event, "a.jpg", 2)
    assert set(world.seen(event, ann)) == {photo}
    world.index_all()
    assert world.seen(event, ann) == {}
    assert (world.rematch(event, ann, 2, 1), world.found(ann)) == ("DONE", set())
    assert (world.rematch(event, bob, 1, 2), world.found(bob)) == ("DONE", {photo})


def test_decisions_about_a_photo_are_kept(world: World) -> None:
    event = world.event()
    ann, bob, eve = (world.join(event) for _ in range(3))
    for guest in (ann, bob, eve):
        world.rematch(event, guest, 1, 1)
    photo, hidden = add(world, event, "a.jpg", 1), add(world, event, "b.jpg", 1)
    world.matches.refuse_match(ann, photo)
    world.audience.ask_to_hide(bob, photo)
    world.audience.set_visibility(world.organiser, event, [hidden], Visibility.HIDDEN)
    for name in ("a.jpg", "b.jpg"):
        assert replace(world, event, name, 1, 2).replacement is REPLACED
    world.index_all()
    assert [world.seen(event, guest) for guest in (ann, bob, eve)] == [{}, {}, {photo: True}]
    assert world.hide_requests(event) == {photo: 1}
    assert [one.visibility for one in photos(world, event)] == [Visibility.HIDDEN, Visibility.MATCHED]
    world.matches.restore_match(ann, photo)
    assert world.seen(event, ann) == {photo: True}


def test_a_name_that_matches_no_photo_or_several_adds_a_new_photo(world: World) -> None:
    event, other = world.event(), world.event()
    twins = {add(world, event, "a.jpg", 1), add(world, event, "a.jpg", 1, version="0")}
    add(world, other, "b.jpg", 1)
    new = [replace(world, event, "a.jpg", 1), replace(world, event, "b.jpg", 1), replace(world, event, "", 1)]
    assert [one.replacement for one in new] == [AMBIGUOUS, None, None]
    assert not {one.photo_id for one in new} & twins
    assert replace(world, event, "", 1, version="3").replacement is None, "an empty name matches no photo"
    assert {one.new_version for one in photos(world, event)} == {None}


def test_photos_are_replaced_only_on_request(world: World) -> None:
    event = world.event()
    add(world, event, "a.jpg", 1)
    assert send(world, event, "a.jpg", 2, version="2").replacement is None
    assert len(photos(world, event)) == 2


def test_identical_bytes_are_known_and_a_repeated_upload_adds_no_version(world: World) -> None:
    event = world.event()
    photo = add(world, event, "a.jpg", 1)
    same = replace(world, event, "a.jpg", 1, version="1")
    assert (same.photo_id, same.existing, same.replacement) == (photo, True, None)
    replace(world, event, "a.jpg", 2)
    again = replace(world, event, "a.jpg", 2)
    assert (again.photo_id, again.state, again.existing) == (photo, PhotoState.PENDING, True)
    assert world.count("replacements") == 1
    world.index_all()
    assert replace(world, event, "a.jpg", 2).existing
    assert photos(world, event)[0].new_version is None
    expect_order(world, event, files=5)


def known(world: World, event: UUID) -> dict[str, UUID]:
    """The photo of each known content, by the first six hex digits of its SHA-256."""
    with world.db.begin() as connection:
        query = "SELECT sha256 FROM matcher.photos UNION SELECT sha256 FROM matcher.replacements"
        hashes = [bytes(one) for one in connection.execute(text(query)).scalars()]
    return {sha.hex()[:6]: one.photo_id for sha, one in world.photos.find_known(world.organiser, event, hashes).items()}


def test_the_version_sent_last_wins(world: World) -> None:
    event = world.event()
    photo = add(world, event, "a.jpg", 1)
    current = known(world, event)
    replace(world, event, "a.jpg", 2)
    waiting = known(world, event)
    assert (set(waiting.values()), set(waiting) & set(current)) == ({photo}, set()), (
        "the current bytes count as unknown, so that they can be sent"
    )
    replace(world, event, "a.jpg", 3, version="3")
    assert world.count("replacements") == 1
    world.index_all()
    assert world.count("replacements") == 0
    assert replace(world, event, "a.jpg", 4, version="4").replacement is REPLACED
    assert replace(world, event, "a.jpg", 3, version="3").existing
    assert photos(world, event)[0].new_version is None, "sending the current version discards the new one"
    expect_order(world, event, files=5)


@pytest.mark.parametrize("role", [Role.PHOTOGRAPHER, Role.ORGANISER])
def test_a_photographer_replaces_only_their_own_photos_and_an_organiser_any(world: World, role: Role) -> None:
    event = world.event()
    pia, who = world.join(event, role=Role.PHOTOGRAPHER), world.join(event, role=role)
    add(world, event, "olga.jpg", 1)
    add(world, event, "pia.jpg", 1, who=pia)
    mine = add(world, event, "mine.jpg", 1, who=who)
    theirs = REPLACED if role is Role.ORGANISER else None
    for name in ("olga.jpg", "pia.jpg"):
        assert replace(world, event, name, 1, who=who).replacement is theirs
    assert replace(world, event, "mine.jpg", 1, who=who).photo_id == mine
    world.index_all()
    assert next(one for one in photos(world, event) if one.id == mine).uploader_id == who


def test_guest_photos_neither_replace_nor_are_replaced(world: World) -> None:
    event = world.event(GuestPhotos.OPEN)
    guest = world.join(event)
    for who in (guest, world.organiser):
        send(world, event, "IMG_1.jpg", 1, version=str(who), who=who)
    by_organiser = replace(world, event, "IMG_1.jpg", 1)
    assert by_organiser.replacement is REPLACED, "the one of the organiser"
    assert replace(world, event, "IMG_1.jpg", 1, version="3", who=guest).replacement is None
    assert len(photos(world, event)) == 3


def test_an_unread_photo_takes_the_new_bytes_immediately(world: World) -> None:
    event = world.event()
    guest = world.join(event)
    world.rematch(event, guest, 1, 2)
    waits = send(world, event, "a.jpg", 1).photo_id
    reading = world.job_store.claim(LEASE_S)
    failed = world.add_file(event, photo_of([], "x")[:-1] + b"|unreadable", "b.jpg").photo_id
    world.index_all()
    for name, photo in (("a.jpg", waits), ("b.jpg", failed)):
        added = replace(world, event, name, 2)
        assert (added.photo_id, added.state, added.replacement) == (photo, PhotoState.PENDING, REPLACED)
    assert reading
    assert world.indexer.read_photo(reading) == "outdated"
    world.index_all()
    assert set(world.seen(event, guest)) == {waits, failed}
    [counts] = world.photos.count(world.organiser, [event])
    assert (counts.indexed, counts.pending, counts.failed) == (2, 0, 0)
    expect_order(world, event, files=10)
