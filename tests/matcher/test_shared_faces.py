"""Accounts of one event that share a face are reported to its organisers once there are enough of them."""

from uuid import UUID, uuid4

import pytest

from matcher_service.domain import EventNotFound, OrganiserOnly, Role
from protos.matcher.v1 import matcher_pb2 as pb
from tests.matcher.calls import Service
from tests.matcher.world import ACCOUNTS_OF_ONE_FACE, World


def search(world: World, event: UUID, who: int) -> UUID:
    """A guest whose selfie shows the given person."""
    guest = world.join(event)
    assert world.rematch(event, guest, 1, who) == "DONE"
    return guest


def test_accounts_that_share_a_face_are_reported_from_a_threshold_on(world: World) -> None:
    event = world.event()
    guests = [search(world, event, 1) for _ in range(ACCOUNTS_OF_ONE_FACE - 1)]
    for other in range(2, 6):
        search(world, event, other)
    assert world.anomalies.list_shared_faces(world.organiser, event) == []
    guests.append(search(world, event, 1))
    assert world.anomalies.list_shared_faces(world.organiser, event) == [sorted(guests)]


def test_accounts_of_different_events_are_not_reported(world: World) -> None:
    events = [world.event() for _ in range(ACCOUNTS_OF_ONE_FACE)]
    for event in events:
        search(world, event, 1)
    assert [world.anomalies.list_shared_faces(world.organiser, event) for event in events] == [[]] * len(events)


def test_guests_who_leave_or_delete_their_selfie_are_not_counted(world: World) -> None:
    event = world.event()
    guests = [search(world, event, 1) for _ in range(ACCOUNTS_OF_ONE_FACE + 1)]
    world.leave(event, guests[0])
    assert world.anomalies.list_shared_faces(world.organiser, event) == [sorted(guests[1:])]
    assert world.rematch(event, guests[1], 2, None) == "DONE"
    assert world.anomalies.list_shared_faces(world.organiser, event) == []


@pytest.mark.parametrize("role", [Role.GUEST, Role.COUPLE, Role.PHOTOGRAPHER])
def test_only_organisers_get_the_report(world: World, role: Role) -> None:
    event = world.event()
    with pytest.raises(OrganiserOnly):
        world.anomalies.list_shared_faces(world.join(event, role=role), event)
    with pytest.raises(EventNotFound):
        world.anomalies.list_shared_faces(uuid4(), event)


def test_the_answer_contains_only_account_ids(service: Service) -> None:
    world = service.world
    event = world.event()
    guests = {str(search(world, event, 1)) for _ in range(ACCOUNTS_OF_ONE_FACE)}
    request = pb.ListSharedFacesRequest(event_id=str(event))
    answer = service.matcher.ListSharedFaces(request, metadata=service.by(world.organiser))
    assert [set(face.user_ids) for face in answer.faces] == [guests]
    assert set(pb.SharedFace.DESCRIPTOR.fields_by_name) == {"user_ids"}
