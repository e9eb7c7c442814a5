"""Camera clock offsets: photos of several cameras sort correctly even if their clocks differ."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from kit.db.pages import Page
from matcher_service.domain import MAX_OFFSET_S, Camera, CameraNotFound, Listing, OrganiserOnly, PhotoOrder, Role
from matcher_service.store import cameras as store
from tests.matcher.cameras import CANON, NOON, PHONE, SECOND, add_taken
from tests.matcher.party import check
from tests.matcher.world import World

BY_TIME = Listing(PhotoOrder.TAKEN, ascending=True)
LATEST_MINUTE = (store.LATEST - NOON).total_seconds() / 60


def in_order(world: World, event: UUID) -> list[UUID]:
    photos, _ = world.photos.list_photos(world.organiser, event, Page("", 50, None), BY_TIME)
    return [photo.id for photo in photos]


def cameras(world: World, event: UUID) -> dict[str, Camera]:
    return {camera.label: camera for camera in world.cameras.list_cameras(world.organiser, event)}


def set_offset(world: World, event: UUID, label: str, minutes: float) -> None:
    camera = cameras(world, event)[label].id
    assert camera
    world.cameras.set_offset(world.organiser, event, camera, round(minutes * 60))


def test_cameras_are_listed_by_label_with_a_count_of_unknown_ones(world: World) -> None:
    event, other = world.event(), world.event()
    for minute in (0, 5, 9):
        add_taken(world, event, CANON, minute)
    for minute in (1, 2):
        add_taken(world, event, SECOND, minute)
    add_taken(world, event, PHONE, None)
    add_taken(world, event, None, 7)
    add_taken(world, other, SECOND, 1)
    found = list(world.cameras.list_cameras(world.organiser, event))
    assert [(one.label, one.photo_count) for one in found] == [
        ("Canon EOS R5", 3),
        ("Canon EOS R5 (2)", 2),
        ("Apple iPhone 15", 1),
        ("", 1),
    ]
    assert (found[0].first_at, found[0].last_at) == (NOON, NOON + timedelta(minutes=9))
    assert (found[2].first_at, found[3].id) == (None, None)
    assert set(cameras(world, other)) == {"Canon EOS R5"}
    ids = {one.id for where in (event, other) for one in world.cameras.list_cameras(world.organiser, where) if one.id}
    assert len(ids) == 4, "a camera cannot be traced across events"


def test_an_offset_reorders_photos_for_all_members_and_zero_undoes_it(world: World) -> None:
    event = world.event()
    guest = world.join(event)
    world.rematch(event, guest, 1, 1)
    first, third = (add_taken(world, event, CANON, minute, 1) for minute in (0, 10))
    second = add_taken(world, event, PHONE, 65, 1)
    assert in_order(world, event) == [first, third, second]
    set_offset(world, event, "Apple iPhone 15", -60)
    assert in_order(world, event) == [first, second, third]
    assert [match.photo_id for match in world.list_all(event, guest, BY_TIME)] == [first, second, third]
    assert set(world.seen(event, guest)) == {first, second, third}, "in every order, in pages and whole"
    assert cameras(world, event)["Apple iPhone 15"].first_at == NOON + timedelta(minutes=5)
    set_offset(world, event, "Apple iPhone 15", -58.5)
    set_offset(world, event, "Apple iPhone 15", 0)
    assert in_order(world, event) == [first, third, second]
    assert cameras(world, event)["Apple iPhone 15"].first_at == NOON + timedelta(minutes=65)
    assert set(world.seen(event, guest)) == {first, second, third}
    assert check(world) == []


def test_later_photos_get_the_offset_of_their_own_camera(world: World) -> None:
    event = world.event()
    add_taken(world, event, PHONE, 60)
    set_offset(world, event, "Apple iPhone 15", -60)
    canon, phone = add_taken(world, event, CANON, 30), add_taken(world, event, PHONE, 70)
    unknown = add_taken(world, event, None, 5)
    assert in_order(world, event)[1:] == [unknown, phone, canon]


def test_a_new_version_without_metadata_keeps_time_and_position(world: World) -> None:
    event = world.event()
    first, last = (add_taken(world, event, CANON, minute, name=f"{minute}.jpg") for minute in (0, 10))
    phone = add_taken(world, event, PHONE, 65, name="p.jpg")
    set_offset(world, event, "Apple iPhone 15", -60)
    assert add_taken(world, event, None, None, name="p.jpg", replaces=True) == phone
    assert in_order(world, event) == [first, phone, last]
    set_offset(world, event, "Apple iPhone 15", 0)
    assert in_order(world, event) == [first, last, phone]


def test_a_new_version_supplies_a_missing_camera(world: World) -> None:
    event = world.event()
    add_taken(world, event, PHONE, 90)
    set_offset(world, event, "Apple iPhone 15", -60)
    photo = add_taken(world, event, None, 65, name="p.jpg")
    canon = add_taken(world, event, CANON, 20)
    assert in_order(world, event)[0] == canon
    add_taken(world, event, PHONE, 65, name="p.jpg", replaces=True)
    assert in_order(world, event)[0] == photo


def test_an_implausible_capture_time_is_not_adjusted(world: World) -> None:
    event = world.event()
    mad = add_taken(world, event, PHONE, LATEST_MINUTE + 1)
    fine = add_taken(world, event, PHONE, 0)
    set_offset(world, event, "Apple iPhone 15", MAX_OFFSET_S / 60)
    after = add_taken(world, event, PHONE, LATEST_MINUTE + 2)
    assert in_order(world, event) == [fine, mad, after]
    set_offset(world, event, "Apple iPhone 15", 0)
    assert in_order(world, event) == [fine, mad, after]


def test_cameras_beyond_the_limit_per_event_are_unknown(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MAX_CAMERAS", 1)
    event = world.event()
    for camera in (CANON, SECOND, CANON):
        add_taken(world, event, camera, 1, name=str(uuid4()))
    assert {label: one.photo_count for label, one in cameras(world, event).items()} == {"Canon EOS R5": 2, "": 1}


def test_only_organisers_set_clock_offsets_of_their_events(world: World) -> None:
    event, other = world.event(), world.event()
    add_taken(world, event, PHONE, 60)
    camera = cameras(world, event)["Apple iPhone 15"].id
    assert camera
    photographer = world.join(event, role=Role.PHOTOGRAPHER)
    with pytest.raises(OrganiserOnly):
        world.cameras.set_offset(photographer, event, camera, 1)
    with pytest.raises(OrganiserOnly):
        world.cameras.list_cameras(photographer, event)
    for where, which in ((other, camera), (event, uuid4())):
        with pytest.raises(CameraNotFound):
            world.cameras.set_offset(world.organiser, where, which, 1)


def test_an_offset_change_notifies_members_whose_lists_it_reorders(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = world.event()
    add_taken(world, event, PHONE, 60)
    notified: list[str] = []
    for name in ("hint_all", "hint_organisers"):
        monkeypatch.setattr(store, name, lambda *_, name=name: notified.append(name))
    set_offset(world, event, "Apple iPhone 15", 5)
    set_offset(world, event, "Apple iPhone 15", 5)
    assert notified == ["hint_all", "hint_organisers", "hint_organisers"]
