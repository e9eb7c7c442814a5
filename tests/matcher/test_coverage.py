"""Photo counts per guest, visible only to the organisers of the event."""

from uuid import UUID, uuid4

import pytest
from grpc import StatusCode

from matcher_service.domain import Role, Visibility
from protos.matcher.v1 import matcher_pb2 as pb
from protos.matcher.v1 import photo_pb2
from tests.harness.calls import raises_fault
from tests.matcher.calls import Service
from tests.matcher.world import World


class Party:
    """Ann is in two photos, Bob has a selfie but is in none, Cleo has no selfie; a second event also shows Ann."""

    def __init__(self, service: Service) -> None:
        self.service, self.world = service, service.world
        world: World = service.world
        self.event = world.event()
        self.ann, self.bob, self.cleo = (world.join(self.event) for _ in range(3))
        self.photos = [world.add(self.event, 1, 3), world.add(self.event, 1)]
        other = world.event()
        world.join(other, self.ann)
        world.add(other, 1)
        for event, guest, who in ((self.event, self.ann, 1), (other, self.ann, 1), (self.event, self.bob, 2)):
            assert world.rematch(event, guest, 1, who) == "DONE"

    def count(self, caller: UUID, *users: UUID) -> dict[UUID, int]:
        request = pb.CountMatchesRequest(event_id=str(self.event), user_ids=map(str, users))
        answer = self.service.matcher.CountMatches(request, metadata=self.service.by(caller))
        return {UUID(count.user_id): count.photo_count for count in answer.counts}

    def coverage(self) -> tuple[int, int]:
        """How many guests are searched for, and how many of them have no photo."""
        request = photo_pb2.GetIndexStateRequest(event_ids=[str(self.event)], count_guests=True)
        metadata = self.service.by(self.world.organiser)
        (state,) = self.service.photos.GetIndexState(request, metadata=metadata).states
        return state.searched_count, state.unmatched_count


@pytest.fixture
def party(service: Service) -> Party:
    return Party(service)


def test_photos_are_counted_by_guest_and_event(party: Party) -> None:
    organiser, stranger = party.world.organiser, uuid4()
    counts = party.count(organiser, party.ann, party.bob, party.cleo, organiser, stranger)
    assert counts == {party.ann: 2, party.bob: 0, party.cleo: 0, organiser: 0}, "strangers are omitted"
    assert party.count(organiser, party.bob) == {party.bob: 0}
    assert party.coverage() == (2, 1)


def test_only_photos_visible_to_the_guest_count(party: Party) -> None:
    world, organiser = party.world, party.world.organiser
    world.audience.set_visibility(organiser, party.event, [world.add(party.event, 5)], Visibility.EVERYONE)
    assert party.count(organiser, party.ann, party.bob) == {party.ann: 2, party.bob: 0}, (
        "photos for everyone do not count"
    )
    world.audience.set_visibility(organiser, party.event, party.photos[:1], Visibility.HIDDEN)
    world.matches.refuse_match(party.ann, party.photos[1])
    assert party.count(organiser, party.ann) == {party.ann: 0}
    assert party.coverage() == (2, 2)


def test_guests_who_left_or_deleted_their_selfie_are_not_counted(party: Party) -> None:
    world = party.world
    assert world.rematch(party.event, party.bob, 2, None) == "DONE"
    assert party.coverage() == (1, 0)
    world.leave(party.event, party.ann)
    assert party.coverage() == (0, 0)
    assert party.count(world.organiser, party.ann, party.bob) == {party.bob: 0}


def test_an_organiser_with_a_selfie_is_not_counted_as_a_guest_without_photos(party: Party) -> None:
    assert party.world.rematch(party.event, party.world.organiser, 1, 9) == "DONE"
    assert party.coverage() == (2, 1)


def test_coverage_is_included_only_on_request(party: Party) -> None:
    request = photo_pb2.GetIndexStateRequest(event_ids=[str(party.event)])
    (state,) = party.service.photos.GetIndexState(request, metadata=party.service.by(party.world.organiser)).states
    assert (state.searched_count, state.unmatched_count, state.indexed_count) == (0, 0, 2)


def test_only_organisers_of_the_event_may_ask(party: Party) -> None:
    with raises_fault(StatusCode.PERMISSION_DENIED, "ORGANISER_ONLY"):
        party.count(party.ann, party.ann)
    elsewhere = party.world.join(party.world.event(), role=Role.ORGANISER)
    for stranger in (uuid4(), elsewhere):
        with raises_fault(StatusCode.NOT_FOUND, "EVENT_NOT_FOUND"):
            party.count(stranger, party.ann)
    with raises_fault(StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT"):
        party.count(party.world.organiser, *(uuid4() for _ in range(201)))
