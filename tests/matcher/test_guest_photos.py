"""Photos added by guests: which events allow them, who sees them, and who owns them."""

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from matcher_service.domain import (
    AddedPhoto,
    ChangeKind,
    EventClosed,
    EventNotFound,
    GuestPhotos,
    NewPhoto,
    OrganiserOnly,
    PhotoNotFound,
    PhotoState,
    Quota,
    Visibility,
)
from matcher_service.reading import Reading
from matcher_service.store import PhotoStore
from tests.matcher.guests import from_guests, hashes, rows, sees, uploads
from tests.matcher.party import check
from tests.matcher.world import GUEST_PHOTOS_PER_DAY, MakeWorld, World

MODERATED, OPEN, OFF = GuestPhotos.MODERATED, GuestPhotos.OPEN, GuestPhotos.OFF


@pytest.mark.parametrize(("choice", "visibility"), [(MODERATED, Visibility.UNAPPROVED), (OPEN, Visibility.MATCHED)])
def test_a_guests_photo_is_matched_and_shown_according_to_the_event_setting(
    world: World, choice: GuestPhotos, visibility: Visibility
) -> None:
    event = world.event(choice)
    ann, bob = world.join(event), world.join(event)
    assert world.rematch(event, bob, 1, 1) == "DONE"
    photo = world.add(event, 1, who=ann)
    assert world.found(bob) == {photo}
    assert uploads(world, event, ann) == {photo: visibility}
    assert from_guests(world, event) == {photo}
    is_open = choice is OPEN
    assert (sees(world, ann, photo), sees(world, world.organiser, photo), sees(world, bob, photo)) == (
        True,
        True,
        is_open,
    )
    assert world.seen(event, bob) == ({photo: True} if is_open else {})
    world.audience.set_visibility(world.organiser, event, [photo], Visibility.MATCHED)
    assert world.seen(event, bob) == {photo: True}
    assert uploads(world, event, ann) == {photo: Visibility.MATCHED}
    assert uploads(world, event, bob) == {}


def test_an_event_rejects_guest_photos_by_default(world: World) -> None:
    event, before = world.event(), world.event(OPEN)
    guest = world.join(event)
    world.join(before, guest)
    for attempt in (
        lambda: world.photos.require_upload(guest, event),
        lambda: world.upload(event, [1], who=guest),
        lambda: world.photos.find_known(guest, event, []),
    ):
        with pytest.raises(OrganiserOnly):
            attempt()
    # A change from an earlier version carries no setting and leaves it as it is.
    world.change(ChangeKind.EVENT_UPDATED, event_id=before)
    assert world.upload(before, [1], who=guest).state is PhotoState.PENDING
    world.change(ChangeKind.EVENT_UPDATED, event_id=before, guest_photos=OFF)
    with pytest.raises(OrganiserOnly):
        world.upload(before, [1], who=guest)
    assert len(uploads(world, before, guest)) == 1, "earlier photos stay"


def test_an_upload_waits_for_a_setting_that_is_still_in_the_feed(world: World) -> None:
    event = world.event()
    guest = world.join(event)
    world.late.append(world.next_change(ChangeKind.EVENT_UPDATED, event_id=event, guest_photos=OPEN))
    assert world.upload(event, [1], who=guest).state is PhotoState.PENDING


def test_strangers_and_closed_events_are_rejected(world: World) -> None:
    event = world.event(OPEN)
    guest = world.join(event)
    with pytest.raises(EventNotFound):
        world.upload(event, [1], who=uuid4())
    world.change(ChangeKind.EVENT_UPDATED, event_id=event, closed=True)
    for attempt in (lambda: world.photos.require_upload(guest, event), lambda: world.upload(event, [1], who=guest)):
        with pytest.raises(EventClosed):
            attempt()
    assert world.files() == set()


class SettingOfTheBeginning(PhotoStore):
    """A broken twin: uses the setting read when the upload began."""

    def add(self, photo: NewPhoto, quota: Quota) -> AddedPhoto:
        with self._engine.begin() as connection:
            before = connection.execute(text("SELECT guest_photos FROM matcher.events")).scalar_one()
            connection.execute(text("UPDATE matcher.events SET guest_photos = 'open'"))
        try:
            return super().add(photo, quota)
        finally:
            with self._engine.begin() as connection:
                connection.execute(text("UPDATE matcher.events SET guest_photos = :before"), {"before": before})


def add_after_the_organiser_said_no(world: World) -> None:
    event = world.event(OPEN)
    guest = world.join(event)
    put = world.blobs.put_file

    def put_and_switch(*args: Any) -> None:
        put(*args)
        world.change(ChangeKind.EVENT_UPDATED, event_id=event, guest_photos=OFF)

    world.blobs.put_file = put_and_switch  # type: ignore[method-assign, assignment]
    world.upload(event, [1], who=guest)


def test_the_setting_is_checked_at_the_commit(world: World) -> None:
    with pytest.raises(OrganiserOnly):
        add_after_the_organiser_said_no(world)
    assert (world.count("photos"), world.files()) == (0, set())


def test_control_with_the_setting_at_the_start_the_photo_is_accepted(make_world: MakeWorld) -> None:
    world = make_world(photo_store=SettingOfTheBeginning)
    add_after_the_organiser_said_no(world)
    assert world.count("photos") == 1


def test_a_guest_has_a_daily_limit_and_deletions_do_not_restore_it(world: World) -> None:
    event, other = world.event(OPEN), world.event(OPEN)
    guest = world.join(event)
    world.join(other, guest)
    added = [world.upload(event, [1], str(number), who=guest) for number in range(GUEST_PHOTOS_PER_DAY)]
    assert {one.state for one in added} == {PhotoState.PENDING}
    assert added[0].photo_id
    world.photos.delete_photo(guest, added[0].photo_id)
    world.leave(event, guest)
    world.join(event, guest)
    refused = world.upload(event, [1], "one more", who=guest)
    assert (refused.state, refused.reason, refused.photo_id) == (PhotoState.REFUSED, "TOO_MANY_GUEST_PHOTOS", None)
    assert world.upload(event, [1], "1", who=guest).existing, "known bytes may be sent again"
    assert world.upload(other, [1], who=guest).state is PhotoState.PENDING
    for _ in range(GUEST_PHOTOS_PER_DAY + 1):
        assert world.upload(event, [1]).state is PhotoState.PENDING, "organisers have no limit"
    with world.db.begin() as connection:
        connection.execute(text("UPDATE matcher.guest_uploads SET day = day - 1"))
    assert world.upload(event, [1], "tomorrow", who=guest).state is PhotoState.PENDING
    world.sweep()
    assert len(world.files()) == world.count("photos"), "rejected uploads leave no file"


@pytest.mark.parametrize("is_failed", [False, True])
def test_bytes_uploaded_by_another_member_are_reported_as_known_and_unchanged(world: World, is_failed: bool) -> None:
    event = world.event(OPEN)
    ann, bob = world.join(event), world.join(event)
    photos = [world.upload(event, [1], "olga").photo_id, world.upload(event, [1], "ann", who=ann).photo_id]
    world.audience.set_visibility(world.organiser, event, [one for one in photos if one], Visibility.HIDDEN)
    if is_failed:
        while world.make_indexer(lambda _: Reading(reason="unreadable")).step():
            pass
    else:
        world.index_all()
    before, files = rows(world), world.files()
    for name in ("olga", "ann"):
        added = world.upload(event, [1], name, who=bob)
        assert (added.photo_id, added.state, added.existing) == (None, PhotoState.PENDING, True)
    assert world.photos.find_known(bob, event, hashes(world)) == {}
    assert {known.photo_id for known in world.photos.find_known(ann, event, hashes(world)).values()} == {photos[1]}
    assert (rows(world), world.files()) == (before, files)
    assert uploads(world, event, bob) == {}


class LeavesItToTheGuest(PhotoStore):
    """A broken twin: a photo added by a guest stays the guest's when an organiser adds the same bytes."""

    def add(self, photo: NewPhoto, quota: Quota) -> AddedPhoto:
        known = self.find_upload(photo.event_id, photo.sha256)
        if known and known.from_guest:
            return AddedPhoto(known.photo_id, photo.filename, known.state, existing=True)
        return super().add(photo, quota)


def add_as_guest_and_organiser_and_delete_as_guest(world: World) -> None:
    event = world.event(MODERATED)
    ann, bob = world.join(event), world.join(event)
    world.rematch(event, bob, 1, 1)
    photo = world.upload(event, [1], "same", who=ann).photo_id
    world.index_all()
    assert photo
    assert photo not in world.seen(event, bob)
    assert world.photos.find_known(world.organiser, event, hashes(world)) == {}, (
        "otherwise the organiser's page would not send them"
    )
    added = world.upload(event, [1], "same")
    assert (added.photo_id, added.existing) == (photo, True)
    with pytest.raises(PhotoNotFound):
        world.photos.delete_photo(ann, photo)
    assert world.seen(event, bob) == {photo: True}, "adding it approves it"
    assert (uploads(world, event, ann), from_guests(world, event)) == ({}, set())
    world.change(ChangeKind.USER_ERASED, user_id=ann)
    world.sweep()
    assert sees(world, world.organiser, photo), "accepted from an organiser"
    assert check(world) == []


def test_a_photo_also_added_by_an_organiser_belongs_to_the_organiser(world: World) -> None:
    add_as_guest_and_organiser_and_delete_as_guest(world)


def test_control_otherwise_a_guest_could_delete_a_photo_accepted_from_an_organiser(make_world: MakeWorld) -> None:
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        add_as_guest_and_organiser_and_delete_as_guest(make_world(photo_store=LeavesItToTheGuest))
