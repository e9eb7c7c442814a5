"""Rematches from a wanted revision to a published one: requests to the matcher, and the effect of its reports."""

from collections.abc import Iterable
from pathlib import Path
from threading import Event, Thread
from uuid import UUID, uuid4

import grpc
import numpy as np

from kit.rpc.identity import Verifier
from protos.matcher.v1 import matcher_pb2
from protos.selfie.v1 import selfie_pb2 as pb
from selfie_service.domain import ChangeKind
from tests.harness.calls import raises_fault
from tests.selfie.scripted import DONE, FAILED, RUNNING, SUPERSEDED, answer_with
from tests.selfie.world import World, face, invalid, wait_until


def only_event(world: World, guest: UUID) -> pb.EventRematch:
    (event,) = world.state(guest).events
    return event


def test_a_valid_selfie_is_sent_for_every_event_of_the_guest(world: World) -> None:
    events = [world.event(), world.event()]
    guest = world.guest(*events)
    world.enter(guest, 5)
    world.matcher.answer = answer_with(DONE, compared_count=90, total_count=90, matched_count=7)
    world.rematch()
    assert {request.event_id for request in world.matcher.requests} == {str(event) for event in events}
    for request in world.matcher.requests:
        assert (request.user_id, request.revision) == (str(guest), 2)
        assert np.array_equal(request.encoding, np.frombuffer(face(5), "<f4"))
    state = world.state(guest)
    assert state.HasField("finish_time")
    assert state.finish_time.ToNanoseconds() >= state.start_time.ToNanoseconds()
    for event in state.events:
        assert event.state == pb.REMATCH_STATE_DONE
        assert (event.compared_count, event.total_count, event.matched_count) == (90, 90, 7)


def test_a_stream_names_its_event_and_its_sender(world: World, keys: Path) -> None:
    event = world.event()
    world.enter(world.guest(event))
    world.rematch()
    (metadata,) = world.matcher.metadata
    assert metadata["x-event-id"] == str(event)
    caller = Verifier.read(keys, "matcher").verify(metadata["authorization"].removeprefix("Bearer "))
    assert caller.kind == "service:selfie"


def test_one_stream_carries_the_guests_of_one_event(world: World) -> None:
    events = [world.event(), world.event()]
    for event in events:
        for _ in range(3):
            world.enter(world.guest(event))
    world.rematch()
    assert [metadata["x-event-id"] for metadata in world.matcher.metadata] == [str(event) for event in events]
    assert len(world.matcher.requests) == 6


def test_a_published_revision_is_not_sent_again(world: World) -> None:
    world.enter(world.guest(world.event()))
    world.rematch()
    world.rematch()
    assert len(world.matcher.requests) == 1


def test_a_guest_sees_the_progress_until_the_matcher_is_done(world: World) -> None:
    guest = world.guest(world.event())
    world.enter(guest)
    halfway, finish = Event(), Event()

    def answer(request: matcher_pb2.RematchRequest) -> Iterable[matcher_pb2.RematchResponse]:
        yield from answer_with(RUNNING, compared_count=40, total_count=90)(request)
        halfway.set()
        finish.wait(10)
        yield from answer_with(DONE, compared_count=90, total_count=90, matched_count=2)(request)

    world.matcher.answer = answer
    sending = Thread(target=world.rematch)
    sending.start()
    assert halfway.wait(10)
    wait_until(lambda: only_event(world, guest).compared_count == 40)
    event = only_event(world, guest)
    assert (event.state, event.total_count, event.matched_count) == (pb.REMATCH_STATE_RUNNING, 90, 0)
    finish.set()
    sending.join(10)
    assert only_event(world, guest).state == pb.REMATCH_STATE_DONE


def test_a_guest_without_a_face_is_forgotten_and_sees_nothing_to_compare(world: World) -> None:
    event = world.event()
    guest = world.guest(event)
    world.upload(guest, "wall")
    world.validate(invalid("no_face"))
    world.publish(ChangeKind.JOINED, event_id=(other := world.event()), user_id=guest)
    world.follower.catch_up()
    world.rematch()
    (request,) = world.matcher.requests
    assert (request.event_id, list(request.encoding)) == (str(other), [])
    assert {event.state for event in world.state(guest).events} == {pb.REMATCH_STATE_UNSPECIFIED}


def test_a_deletion_is_sent_with_a_newer_revision(world: World) -> None:
    guest = world.guest(world.event())
    world.enter(guest)
    world.rematch()
    world.delete(guest)
    world.rematch()
    matched, forgotten = world.matcher.requests
    assert (len(matched.encoding), len(forgotten.encoding)) == (128, 0)
    assert forgotten.revision > matched.revision
    assert only_event(world, guest).state == pb.REMATCH_STATE_UNSPECIFIED
    world.rematch()
    assert len(world.matcher.requests) == 2


def test_an_unavailable_matcher_delays_rematches_without_failing_them(world: World) -> None:
    event = world.event()
    guest = world.guest(event)
    world.enter(guest)
    world.matcher.unavailable = True
    for _ in range(5):
        world.rematch()
        world.end_backoff()
    assert only_event(world, guest).state == pb.REMATCH_STATE_RUNNING
    assert world.enrolment(guest, event).lease_until is None
    world.matcher.unavailable = False
    world.rematch()
    assert only_event(world, guest).state == pb.REMATCH_STATE_DONE


def test_a_broken_stream_keeps_the_reported_results(world: World) -> None:
    event = world.event()
    guests = [world.guest(event) for _ in range(2)]
    for guest in guests:
        world.enter(guest)

    def answer(request: matcher_pb2.RematchRequest) -> Iterable[matcher_pb2.RematchResponse]:
        if len(world.matcher.requests) == 2:
            raise RuntimeError("the matcher breaks")
        return answer_with(DONE)(request)

    world.matcher.answer = answer
    world.rematch()
    assert [world.enrolment(guest, event).state for guest in guests] == ["done", "running"]
    world.matcher.answer = answer_with(DONE)
    world.end_backoff()
    world.rematch()
    assert [world.enrolment(guest, event).state for guest in guests] == ["done", "done"]
    assert len(world.matcher.requests) == 3


def test_a_stream_that_ends_early_leaves_the_rest_for_later(world: World) -> None:
    event = world.event()
    guest = world.guest(event)
    world.enter(guest)
    world.matcher.answer = lambda _: []
    world.rematch()
    assert world.enrolment(guest, event).state == "running"
    world.matcher.answer = answer_with(DONE)
    world.end_backoff()
    world.rematch()
    assert world.enrolment(guest, event).state == "done"


def test_a_failed_rematch_is_shown_and_retried(world: World) -> None:
    guest = world.guest(world.event())
    world.enter(guest)
    world.matcher.answer = answer_with(FAILED, reason="INTERNAL")
    world.rematch()
    state = world.state(guest)
    assert state.events[0].state == pb.REMATCH_STATE_FAILED
    assert not state.HasField("finish_time")
    world.matcher.answer = answer_with(DONE)
    world.end_backoff()
    world.rematch()
    assert only_event(world, guest).state == pb.REMATCH_STATE_DONE


def test_one_failure_does_not_affect_the_rest_of_the_stream(world: World) -> None:
    event = world.event()
    guests = [world.guest(event) for _ in range(3)]
    for guest in guests:
        world.enter(guest)
    world.matcher.answer = lambda request: answer_with(FAILED if request.user_id == str(guests[1]) else DONE)(request)
    world.rematch()
    assert [world.enrolment(guest, event).state for guest in guests] == ["done", "failed", "done"]


def test_the_backoff_grows_with_the_time_waited_up_to_half_a_minute(world: World) -> None:
    event = world.event()
    guest = world.guest(event)
    world.enter(guest)
    world.matcher.unavailable = True
    waits = []
    for waited_s in (0, 8, 3600):
        world.execute(
            f"UPDATE selfie.enrolments SET retry_at = now(), started_at = now() - interval '{waited_s} seconds'"
        )
        world.rematch()
        wait = "SELECT extract(epoch FROM retry_at - now()) AS s FROM selfie.enrolments"
        waits.append(float(world.row(wait).s))
    assert waits[0] < 5 < waits[1] < 15 < waits[2] <= 30


def test_a_superseded_rematch_waits_for_the_newer_revision(world: World) -> None:
    event = world.event()
    guest = world.guest(event)
    world.enter(guest)
    world.matcher.answer = answer_with(SUPERSEDED)
    world.rematch()
    row = world.enrolment(guest, event)
    assert (row.state, row.lease_until, row.published_revision) == ("running", None, 0)
    world.enter(guest, 2)
    world.matcher.answer = answer_with(DONE)
    world.rematch()
    assert world.enrolment(guest, event).state == "done"


def test_a_rematch_needs_an_active_selfie(world: World) -> None:
    guest = world.guest(world.event())
    world.upload(guest)
    with raises_fault(grpc.StatusCode.FAILED_PRECONDITION, "NO_ACTIVE_SELFIE"):
        world.start_rematch(guest)
    with raises_fault(grpc.StatusCode.FAILED_PRECONDITION, "NO_ACTIVE_SELFIE"):
        world.start_rematch(uuid4())


def test_a_rematch_sends_the_same_face_again(world: World) -> None:
    guest = world.guest(world.event())
    world.enter(guest)
    world.rematch()
    before = world.state(guest)
    world.start_rematch(guest)
    state = world.state(guest)
    assert only_event(world, guest).state == pb.REMATCH_STATE_RUNNING
    assert state.start_time.ToNanoseconds() > before.start_time.ToNanoseconds()
    world.rematch()
    first, second = world.matcher.requests
    assert (first.revision, first.encoding) == (second.revision, second.encoding)
    assert world.state(guest).HasField("finish_time")


def test_a_rematch_after_a_rejection_uses_the_active_selfie(world: World) -> None:
    guest = world.guest(world.event())
    selfie_id = world.enter(guest)
    world.upload(guest, "wall")
    world.validate(invalid("no_face"))
    world.start_rematch(guest)
    assert world.state(guest).selfie_id == str(selfie_id)


def test_an_unknown_guest_has_no_status(world: World) -> None:
    assert world.state(uuid4()) == pb.GetRematchStateResponse()


def test_the_status_of_a_new_member_includes_the_event(world: World) -> None:
    guest, event = uuid4(), world.event()
    world.publish(ChangeKind.JOINED, event_id=event, user_id=guest)
    assert [entry.event_id for entry in world.state(guest).events] == [str(event)]


def test_the_queue_reports_its_depth_and_age(world: World) -> None:
    world.enter(world.guest(world.event(), world.event()))
    world.execute("UPDATE selfie.enrolments SET started_at = now() - interval '1 minute'")
    depth, age_s = world.rematches.read_queue()
    assert depth == 2
    assert 60 <= age_s < 120
    world.rematch()
    assert world.rematches.read_queue() == (0, 0.0)
