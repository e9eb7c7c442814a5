"""Photos added by guests when they are deleted, or when their uploader leaves or is erased."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, text

from matcher_service.domain import (
    ChangeKind,
    EventNotFound,
    GuestPhotos,
    PhotoNotFound,
    Role,
    Visibility,
)
from matcher_service.store import MemberStore, PurgeStore
from tests.matcher.guests import from_guests, rows, sees, uploads
from tests.matcher.party import check
from tests.matcher.world import MakeWorld, World

OPEN, MODERATED = GuestPhotos.OPEN, GuestPhotos.MODERATED


def test_a_guest_can_delete_only_their_own_photos(world: World) -> None:
    event = world.event(MODERATED)
    ann, bob = world.join(event), world.join(event)
    mine, other = world.add(event, 1, who=ann), world.add(event, 1)
    for user, photo in ((bob, mine), (ann, other), (uuid4(), mine)):
        with pytest.raises(PhotoNotFound):
            world.photos.delete_photo(user, photo)
    world.photos.delete_photo(ann, mine)
    with pytest.raises(PhotoNotFound):
        world.photos.delete_photo(ann, mine)
    assert uploads(world, event, ann) == {}
    world.sweep()
    assert check(world) == []
    assert len(world.files()) == 5, "the files of the other guest's photo"


def test_photos_of_a_guest_who_leaves_stay_and_are_found_after_a_return(world: World) -> None:
    event = world.event(OPEN)
    guest = world.join(event)
    photo = world.add(event, 1, who=guest)
    world.leave(event, guest)
    assert from_guests(world, event) == {photo}
    assert not sees(world, guest, photo)
    for attempt in (lambda: uploads(world, event, guest), lambda: world.photos.delete_photo(guest, photo)):
        with pytest.raises((EventNotFound, PhotoNotFound)):
            attempt()
    world.join(event, guest)
    assert uploads(world, event, guest) == {photo: Visibility.MATCHED}


class ErasesMembersAlone(MemberStore):
    """A broken twin: skips photos in events that the guest has already left."""

    def apply(self, *changes: Any) -> None:
        with self._engine.begin() as connection:
            for change in changes:
                if change.kind is ChangeKind.USER_ERASED:
                    self._disown(connection, change.user_id)
        super().apply(*changes)

    def _disown(self, connection: Connection, user_id: UUID) -> None:
        query = text(
            "UPDATE matcher.photos p SET uploader_id = NULL WHERE uploader_id = :user AND NOT EXISTS ("
            " SELECT FROM matcher.memberships m WHERE (m.event_id, m.user_id) = (p.event_id, p.uploader_id))"
        )
        connection.execute(query, {"user": user_id})


def erase_guest_with_photos(world: World) -> None:
    here, left, organised, gone = (world.event(OPEN) for _ in range(4))
    ann, bob = world.join(here), world.join(here)
    for event in (left, gone):
        world.join(event, ann)
    world.join(organised, ann, Role.ORGANISER)
    world.rematch(here, bob, 1, 1)
    mine, shared = world.add(here, 1, who=ann), world.add(here, 1, who=ann)
    world.audience.set_visibility(world.organiser, here, [shared], Visibility.EVERYONE)
    others = {world.add(here, 1), world.add(here, 1, who=bob)}
    world.add(left, 1, who=ann)
    world.add(gone, 1, who=ann)
    kept = world.add(organised, 1, who=ann)
    waiting = world.upload(here, [1], who=ann)
    assert waiting.photo_id
    world.leave(left, ann)
    world.change(ChangeKind.EVENT_DELETED, event_id=gone)

    world.change(ChangeKind.USER_ERASED, user_id=ann)
    assert set(world.seen(here, bob)) == others, "hidden immediately"
    assert not sees(world, ann, mine)
    world.index_all()
    assert set(world.seen(here, bob)) == others, "read later, visible to no guest"
    world.sweep()
    assert {row[0] for row in rows(world)} == {kept, *others}
    assert (world.count("erasures"), world.count("guest_uploads")) == (0, 1)
    assert len(world.files()) == 5 * 3
    assert check(world) == []


def test_photos_of_an_erased_guest_are_hidden_immediately_and_then_deleted(world: World) -> None:
    erase_guest_with_photos(world)


def test_control_photos_in_events_the_guest_left_remain(make_world: MakeWorld) -> None:
    world = make_world()
    world.member_store = ErasesMembersAlone(world.db)
    with pytest.raises(AssertionError):
        erase_guest_with_photos(world)


def test_photos_of_erased_guests_are_deleted_in_batches(world: World) -> None:
    event = world.event(OPEN)
    guest = world.join(event)
    for _ in range(3):
        world.upload(event, [1], who=guest)
    world.change(ChangeKind.USER_ERASED, user_id=guest)
    purge, left = PurgeStore(world.db), []
    while purge.purge(limit=2):
        left.append(world.count("photos"))
    assert left == [1, 0, 0]
