"""CountMatchesForNotices: the numbers that auth_service puts in its e-mails."""

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from grpc import StatusCode
from sqlalchemy import text

from kit.rpc.identity import Signer
from matcher_service.domain import Visibility
from protos.matcher.v1 import matcher_pb2 as pb
from tests.harness.calls import Metadata, bearer, raises_fault
from tests.matcher.calls import Service


@pytest.fixture
def by_auth(signer: Callable[[str], Signer]) -> Metadata:
    return bearer(signer("auth").sign_service())


def count(service: Service, metadata: Metadata, event: UUID, *users: UUID) -> dict[UUID, int]:
    request = pb.CountMatchesForNoticesRequest(event_id=str(event), user_ids=map(str, users))
    counts = service.matcher.CountMatchesForNotices(request, metadata=metadata).counts
    return {UUID(one.user_id): one.photo_count for one in counts}


def test_counts_are_the_photos_each_guest_is_shown_as_theirs(service: Service, by_auth: Metadata) -> None:
    world = service.world
    event, other = world.event(), world.event()
    ann, bob, eve = world.join(event), world.join(event), world.join(event)
    shown, hidden = world.add(event, 1), world.add(event, 1, 2)
    everyone = world.add(event)
    for guest, who in ((ann, 1), (bob, 2), (eve, 3)):
        world.rematch(event, guest, 1, who)
    assert count(service, by_auth, event, ann, bob, eve, uuid4()) == {ann: 2, bob: 1}
    world.audience.set_visibility(world.organiser, event, [hidden], Visibility.HIDDEN)
    world.audience.set_visibility(world.organiser, event, [everyone], Visibility.EVERYONE)
    assert count(service, by_auth, event, ann, bob, eve) == {ann: 1}
    assert count(service, by_auth, event, bob) == {}
    assert count(service, by_auth, other, ann) == {}
    world.matches.refuse_match(ann, shown)
    assert count(service, by_auth, event, ann) == {}


def ask(service: Service, metadata: Metadata, event: UUID) -> tuple[bool, int, int]:
    """Whether guests see photos, how many photos are for everyone, and the total."""
    request = pb.CountMatchesForNoticesRequest(event_id=str(event))
    answer = service.matcher.CountMatchesForNotices(request, metadata=metadata)
    return answer.released, answer.everyone_count, answer.total_count


def test_the_answer_states_what_guests_see_before_and_after_the_release(service: Service, by_auth: Metadata) -> None:
    world = service.world
    event = world.event()
    ann = world.join(event)
    photo, _ = world.add(event, 1), world.add(event)
    world.rematch(event, ann, 1, 1)
    assert ask(service, by_auth, event) == (True, 0, 2)
    world.audience.set_visibility(world.organiser, event, [photo], Visibility.EVERYONE)
    assert ask(service, by_auth, event) == (True, 1, 2)
    hold = "UPDATE matcher.events SET held = true, releases_at = now() + interval '1 hour'"
    for statement, expected in (
        (hold, ({}, (False, 0, 2))),
        (hold.replace("+", "-"), ({ann: 1}, (True, 1, 2))),
        ("UPDATE matcher.events SET gone = true", ({}, (False, 0, 0))),
    ):
        with world.db.begin() as connection:
            connection.execute(text(statement))
        assert (count(service, by_auth, event, ann), ask(service, by_auth, event)) == expected
    assert ask(service, by_auth, uuid4()) == (False, 0, 0), "the event is not in the feed yet"


def test_guests_who_left_are_not_counted(service: Service, by_auth: Metadata) -> None:
    world = service.world
    event = world.event()
    ann = world.join(event)
    world.add(event, 1)
    world.rematch(event, ann, 1, 1)
    world.leave(event, ann)
    assert count(service, by_auth, event, ann) == {}


def test_only_auth_service_may_call(service: Service, signer: Callable[[str], Signer]) -> None:
    event = service.world.event()
    for metadata in (service.by(service.world.organiser), bearer(signer("gateway").sign_service())):
        with raises_fault(StatusCode.PERMISSION_DENIED, "CALLER_NOT_ALLOWED"):
            count(service, metadata, event)


def test_too_many_guests_in_one_request_are_rejected(service: Service, by_auth: Metadata) -> None:
    with raises_fault(StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT"):
        count(service, by_auth, uuid4(), *(uuid4() for _ in range(501)))
