"""No new face is searched for in a closed or expired event; published matches stay, and deletions still propagate."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import grpc
import pytest
from sqlalchemy import Connection

from protos.matcher.v1 import matcher_pb2
from protos.selfie.v1 import selfie_pb2 as pb
from selfie_service.domain import ChangeKind
from selfie_service.store import people
from tests.harness.calls import raises_fault
from tests.selfie.scripted import DONE, answer_with
from tests.selfie.world import World, face, valid

PAST = datetime.now(UTC) - timedelta(days=1)


def close(world: World, event: UUID) -> None:
    update(world, event, closed=True)


def reopen(world: World, event: UUID) -> None:
    update(world, event, closed=False)


def update(world: World, event: UUID, **fields: object) -> None:
    world.publish(ChangeKind.EVENT_UPDATED, event_id=event, **fields)
    world.follower.catch_up()


def join(world: World, guest: UUID) -> UUID:
    """Joins another event, which is open."""
    event = world.event()
    world.publish(ChangeKind.JOINED, event_id=event, user_id=guest)
    world.follower.catch_up()
    return event


def sent(world: World, event: UUID) -> list[bytes]:
    """The faces sent to the matcher for an event; empty: to forget."""
    requests = [request for request in world.matcher.requests if request.event_id == str(event)]
    return [as_bytes(request) for request in requests]


def as_bytes(request: matcher_pb2.RematchRequest) -> bytes:
    return next((face(n) for n, number in enumerate(request.encoding) if number), b"")


def count_matches(world: World, counts: dict[UUID, int]) -> None:
    def answer(request: matcher_pb2.RematchRequest) -> Iterable[matcher_pb2.RematchResponse]:
        return answer_with(DONE, matched_count=counts[UUID(request.event_id)])(request)

    world.matcher.answer = answer


def search_after_closing(world: World, **closed: object) -> list[bytes]:
    """The faces sent for an ended event when its guest joins an open one with a new face."""
    event = world.event()
    guest = world.guest(event)
    world.enter(guest, 1)
    world.rematch()
    update(world, event, **closed)
    opened = join(world, guest)
    world.rematch()
    world.enter(guest, 2)
    world.rematch()
    assert sent(world, opened) == [face(1), face(2)]
    return sent(world, event)


def find_none_closed(connection: Connection, user_id: UUID) -> list[UUID]:
    """A broken twin: treats every event as open."""
    return []


@pytest.mark.parametrize("closed", [{"closed": True}, {"expires_at": PAST}], ids=["closed", "expired"])
def test_a_new_face_is_not_searched_in_an_ended_event(world: World, closed: dict[str, object]) -> None:
    assert search_after_closing(world, **closed) == [face(1)]


@pytest.mark.parametrize("closed", [{"closed": True}, {"expires_at": PAST}], ids=["closed", "expired"])
def test_control_without_the_check_joining_an_open_event_searches_both(
    world: World, closed: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "_lock_closed_events", find_none_closed)
    assert search_after_closing(world, **closed) == [face(1), face(2)]


def test_the_status_keeps_the_matches_of_an_ended_event(world: World) -> None:
    event = world.event()
    guest = world.guest(event)
    count_matches(world, {event: 7})
    world.enter(guest, 1)
    world.rematch()
    close(world, event)
    opened = join(world, guest)
    count_matches(world, {event: 1, opened: 3})
    world.enter(guest, 2)
    assert {entry.event_id: entry.state for entry in world.state(guest).events} == {
        str(event): pb.REMATCH_STATE_DONE,
        str(opened): pb.REMATCH_STATE_RUNNING,
    }
    world.rematch()
    state = world.state(guest)
    assert {entry.event_id: entry.matched_count for entry in state.events} == {str(event): 7, str(opened): 3}
    assert {entry.state for entry in state.events} == {pb.REMATCH_STATE_DONE}
    assert state.HasField("finish_time")


def test_a_guest_without_a_face_is_done_when_the_event_closes(world: World) -> None:
    event = world.event()
    guest = world.guest(event)
    close(world, event)
    opened = join(world, guest)
    world.enter(guest, 1)
    world.rematch()
    assert (sent(world, event), sent(world, opened)) == ([], [face(1)])
    state = world.state(guest)
    assert {entry.event_id: entry.state for entry in state.events} == {
        str(event): pb.REMATCH_STATE_UNSPECIFIED,
        str(opened): pb.REMATCH_STATE_DONE,
    }
    assert state.HasField("finish_time")


def test_a_guest_with_only_ended_events_cannot_upload(world: World) -> None:
    event = world.event()
    guest = world.guest(event)
    close(world, event)
    with raises_fault(grpc.StatusCode.FAILED_PRECONDITION, "EVENT_CLOSED"):
        world.upload(guest)


def test_an_event_that_closes_before_the_verdict_is_not_searched(world: World) -> None:
    event = world.event()
    guest = world.guest(event)
    world.upload(guest)
    close(world, event)
    assert world.validate(valid(1))
    world.rematch()
    assert sent(world, event) == []


def test_a_face_accepted_before_the_event_closed_is_still_searched(world: World) -> None:
    event = world.event()
    guest = world.guest(event)
    world.enter(guest, 1)
    close(world, event)
    world.rematch()
    assert sent(world, event) == [face(1)]
    assert {entry.state for entry in world.state(guest).events} == {pb.REMATCH_STATE_DONE}


def test_a_pending_rematch_of_a_closed_event_never_sends_a_newer_face(world: World) -> None:
    event = world.event()
    guest = world.guest(event)
    world.enter(guest, 1)
    [late] = world.rematches.claim(64, 30)
    close(world, event)
    join(world, guest)
    world.enter(guest, 2)
    assert not world.rematches.postpone(late)
    world.end_leases()
    world.rematch()
    assert sent(world, event) == []
    assert {entry.state for entry in world.state(guest).events} == {pb.REMATCH_STATE_DONE}


def test_a_deleted_selfie_is_forgotten_in_every_event(world: World) -> None:
    event = world.event()
    guest = world.guest(event)
    world.enter(guest, 1)
    world.rematch()
    close(world, event)
    opened = join(world, guest)
    world.enter(guest, 2)
    world.rematch()
    world.delete(guest)
    world.rematch()
    assert sent(world, event) == [face(1), b""]
    assert sent(world, opened)[-1] == b""


def test_a_pending_deletion_is_sent_even_if_a_newer_face_is_held_back(world: World) -> None:
    event = world.event()
    guest = world.guest(event)
    world.enter(guest, 1)
    world.rematch()
    close(world, event)
    opened = join(world, guest)
    world.delete(guest)
    world.enter(guest, 2)
    world.rematch()
    assert (sent(world, event), sent(world, opened)) == ([face(1), b""], [face(2)])


def test_a_deleted_selfie_is_not_searched_when_the_event_reopens(world: World) -> None:
    event = world.event()
    guest = world.guest(event)
    close(world, event)
    join(world, guest)
    world.enter(guest, 1)
    world.delete(guest)
    reopen(world, event)
    world.rematch()
    assert sent(world, event) == [b""]


def test_a_rematch_of_an_ended_event_repeats_the_same_face(world: World) -> None:
    event = world.event()
    guest = world.guest(event)
    world.enter(guest, 1)
    world.rematch()
    close(world, event)
    world.start_rematch(guest)
    world.rematch()
    assert sent(world, event) == [face(1), face(1)]


def rematch_with_a_newer_face(world: World) -> list[bytes]:
    """The faces sent for an ended event when a guest requests a rematch with a newer face."""
    event = world.event()
    guest = world.guest(event)
    world.enter(guest, 1)
    world.rematch()
    close(world, event)
    opened = join(world, guest)
    world.enter(guest, 2)
    world.start_rematch(guest)
    world.rematch()
    assert sent(world, opened) == [face(2)]
    assert world.state(guest).HasField("finish_time")
    return sent(world, event)


def test_a_rematch_searches_for_no_newer_face_in_an_ended_event(world: World) -> None:
    assert rematch_with_a_newer_face(world) == [face(1)]


def test_control_a_rematch_in_every_event_searches_the_newer_face(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def want_all(connection: Connection, user_id: UUID, revision: int) -> None:
        people._want(connection, "user_id = :user", "running", {"user": user_id, "revision": revision})

    monkeypatch.setattr("selfie_service.store.rematches.want_again", want_all)
    assert rematch_with_a_newer_face(world) == [face(1), face(2)]


def test_a_guest_invited_to_a_closed_event_is_searched_when_it_reopens(world: World) -> None:
    event = world.event()
    guest = world.guest(event)
    world.enter(guest, 1)
    closed = world.event()
    update(world, closed, closed=True)
    world.publish(ChangeKind.JOINED, event_id=closed, user_id=guest)
    world.follower.catch_up()
    world.rematch()
    assert not any(sent(world, closed))
    reopen(world, closed)
    world.rematch()
    assert sent(world, closed)[-1] == face(1)
