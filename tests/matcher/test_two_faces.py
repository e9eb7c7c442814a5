"""A selfie near two faces of one photo, such as an average of two people: the guest is reported to organisers."""

from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import Engine, text

from matcher_service.domain import EventNotFound, OrganiserOnly, Role
from protos.matcher.v1 import matcher_pb2 as pb
from tests.harness.migrations import downgrade, upgrade
from tests.matcher.calls import Service
from tests.matcher.looks import Look, LooksWorld
from tests.matcher.world import PHOTOS_OF_TWO_FACES

# Both are within 0.6 of a selfie at 0, and 0.84 apart.
BOTH = (Look(-6), Look(6))


@pytest.fixture
def make_world(make_db: Callable[[str], Engine], tmp_path: Path) -> Callable[..., LooksWorld]:
    return lambda **twins: LooksWorld(make_db("matcher"), tmp_path / "blobs", **twins)


@pytest.fixture
def world(make_world: Callable[..., LooksWorld]) -> LooksWorld:
    return make_world()


def reported(world: LooksWorld, event: UUID) -> list[tuple[UUID, int]]:
    return world.anomalies.list_two_faces(world.organiser, event)


def search(world: LooksWorld, event: UUID, place: int = 0) -> UUID:
    guest = world.join(event)
    assert world.send_selfie(event, guest, 1, place) == "DONE"
    return guest


def add(world: LooksWorld, event: UUID, count: int = PHOTOS_OF_TWO_FACES) -> list[UUID]:
    return [world.add_looks(event, *BOTH) for _ in range(count)]


def test_a_guest_is_reported_once_enough_photos_are_found_even_before_settling(world: LooksWorld) -> None:
    event = world.event()
    add(world, event, PHOTOS_OF_TWO_FACES - 1)
    few = search(world, event)
    assert reported(world, event) == []
    add(world, event, 1)
    guest = search(world, event)
    assert reported(world, event) == [(guest, PHOTOS_OF_TWO_FACES)]
    world.settle_all()
    assert reported(world, event) == sorted((one, PHOTOS_OF_TWO_FACES) for one in (few, guest))


def test_later_photos_count_once_the_event_is_settled(world: LooksWorld) -> None:
    event = world.event()
    guest, other = search(world, event), search(world, event, 30)
    add(world, event)
    assert reported(world, event) == []
    world.settle_all()
    assert reported(world, event) == [(guest, PHOTOS_OF_TWO_FACES)]
    assert other not in dict(reported(world, event))


def test_faces_of_one_person_and_faces_in_different_photos_do_not_count(world: LooksWorld) -> None:
    event = world.event()
    for _ in range(PHOTOS_OF_TWO_FACES):
        world.add_looks(event, Look(-4), Look(5))  # 0.63 apart
        for look in BOTH:
            world.add_looks(event, look)
    search(world, event)
    world.settle_all()
    assert reported(world, event) == []


def test_deleting_the_selfie_or_rejecting_the_photo_does_not_clear_the_report(world: LooksWorld) -> None:
    event = world.event()
    photos = add(world, event)
    guest = search(world, event)
    for photo in photos:
        world.matches.refuse_match(guest, photo)
    assert world.send_selfie(event, guest, 2, None) == "DONE"
    world.settle_all()
    assert reported(world, event) == [(guest, PHOTOS_OF_TWO_FACES)]
    world.leave(event, guest)
    assert reported(world, event) == []
    world.join(event, guest)
    assert reported(world, event) == [(guest, PHOTOS_OF_TWO_FACES)]


def test_each_person_is_counted_once(world: LooksWorld) -> None:
    def counted() -> float:
        return REGISTRY.get_sample_value("matcher_two_faces_total") or 0.0

    event, before = world.event(), counted()
    add(world, event)
    search(world, event)
    world.settle_all()
    assert counted() == before + 1
    add(world, event, 1)
    world.settle_all()
    assert counted() == before + 1
    assert [count for _, count in reported(world, event)] == [PHOTOS_OF_TWO_FACES + 1]


@pytest.mark.parametrize("role", [Role.GUEST, Role.COUPLE, Role.PHOTOGRAPHER])
def test_only_organisers_get_the_report(world: LooksWorld, role: Role) -> None:
    event = world.event()
    with pytest.raises(OrganiserOnly):
        world.anomalies.list_two_faces(world.join(event, role=role), event)
    with pytest.raises(EventNotFound):
        world.anomalies.list_two_faces(uuid4(), event)


def test_the_answer_contains_only_account_ids_and_counts(service: Service) -> None:
    world = service.world
    event = world.event()
    guest = world.join(event)
    world.rematch(event, guest, 1, 1)
    world.two_faces.note(event, {guest: 7})
    request = pb.ListSharedFacesRequest(event_id=str(event))
    answer = service.matcher.ListSharedFaces(request, metadata=service.by(world.organiser))
    assert list(answer.two_faces) == [pb.TwoFaces(user_id=str(guest), photo_count=7)]
    assert set(pb.TwoFaces.DESCRIPTOR.fields_by_name) == {"user_id", "photo_count"}


def test_people_of_the_previous_version_are_kept(make_db: Callable[[str], Engine], tmp_path: Path) -> None:
    db, event, guest = make_db("matcher"), uuid4(), uuid4()
    downgrade(db, "matcher", "0016")
    insert = "INSERT INTO matcher.people (event_id, person_id, user_id, revision) VALUES (:event, :guest, :guest, 3)"
    with db.begin() as connection:
        connection.execute(text("INSERT INTO matcher.events (id, closed) VALUES (:event, false)"), {"event": event})
        connection.execute(text(insert), {"event": event, "guest": guest})
    upgrade(db, "matcher")
    with db.begin() as connection:
        found = connection.execute(text("SELECT revision, two_faces FROM matcher.people")).all()
    assert found == [(3, 0)]
