"""Claims on rematches: leases, and the fencing of late reports."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from threading import Event, Thread
from uuid import UUID

from sqlalchemy import Connection
from typing_extensions import override

from kit.worker import run_steps
from protos.matcher.v1 import matcher_pb2
from selfie_service.domain import ChangeKind, Counts, Rematch
from selfie_service.store import RematchStore
from tests.selfie.world import (
    LEASE_S,
    MakeWorld,
    World,
    face,
    wait_until,
)


class UnfencedRematches(RematchStore):
    """A broken twin: accepts every report, including reports of an older revision."""

    def finish(self, rematch: Rematch, counts: Counts) -> bool:
        with self._engine.connect() as connection:
            latest = connection.exec_driver_sql(
                "SELECT wanted_revision, attempt FROM selfie.enrolments WHERE person_id = %s AND event_id = %s",
                (rematch.person_id, rematch.event_id),
            ).one()
        unfenced = replace(rematch, revision=latest.wanted_revision, attempt=latest.attempt)
        return super().finish(unfenced, counts)


class InterruptedRematches(RematchStore):
    """Runs a callback between the two halves of a claim."""

    interrupt: Callable[[], None]

    @override
    def _read_faces(self, connection: Connection, people: list[UUID]) -> dict[UUID, tuple[UUID, bytes]]:
        self.interrupt()
        return super()._read_faces(connection, people)


class HastyRematches(InterruptedRematches):
    """A broken twin: reads the faces before it locks the claimed rows."""

    def claim(self, limit: int, lease_s: float) -> list[Rematch]:
        with self._engine.connect() as connection:
            people = [row.person_id for row in connection.exec_driver_sql("SELECT person_id FROM selfie.people")]
            self._early = RematchStore._read_faces(self, connection, people)
        self.interrupt()
        return super().claim(limit, lease_s)

    @override
    def _read_faces(self, connection: Connection, people: list[UUID]) -> dict[UUID, tuple[UUID, bytes]]:
        return self._early


def claim(world: World) -> Rematch:
    (rematch,) = world.rematches.claim(64, LEASE_S)
    return rematch


def report_after_the_deletion(world: World) -> list[list[float]]:
    """What is sent after a report on a face that has been deleted meanwhile."""
    guest = world.guest(world.event())
    world.enter(guest)
    rematch = claim(world)
    world.delete(guest)
    world.rematches.finish(rematch, Counts())
    world.rematch()
    return [list(request.encoding) for request in world.matcher.requests]


def test_a_report_of_an_older_revision_hides_no_newer_one(world: World) -> None:
    assert report_after_the_deletion(world) == [[]]


def test_control_without_the_fence_the_deletion_is_never_sent(make_world: MakeWorld) -> None:
    assert report_after_the_deletion(make_world(rematch_store=UnfencedRematches)) == []


def report_after_a_return(world: World) -> int:
    """Attempt numbers restart with a new enrolment, so the same number is in progress twice."""
    event = world.event()
    guest = world.guest(event)
    world.enter(guest)
    first = claim(world)
    for kind in (ChangeKind.LEFT, ChangeKind.JOINED):
        world.publish(kind, event_id=event, user_id=guest)
    world.follower.catch_up()
    while (again := claim(world)).attempt < first.attempt:
        world.end_leases()
    assert again.attempt == first.attempt
    world.rematches.finish(first, Counts())
    published: int = world.enrolment(guest, event).published_revision
    return published


def test_a_report_from_before_a_leave_hides_no_newer_rematch(world: World) -> None:
    assert report_after_a_return(world) == 0


def test_control_without_the_fence_a_returning_guest_is_never_matched(make_world: MakeWorld) -> None:
    assert report_after_a_return(make_world(rematch_store=UnfencedRematches)) > 0


def test_a_claimed_rematch_is_exclusive_until_its_lease_ends(world: World) -> None:
    world.enter(world.guest(world.event()))
    first = claim(world)
    assert world.rematches.claim(64, LEASE_S) == []
    world.end_leases()
    assert claim(world).attempt == first.attempt + 1
    assert not world.rematches.finish(first, Counts())


def sends_a_deleted_face(make_world: MakeWorld, store: type[InterruptedRematches]) -> bool:
    """Whether a face deleted during the claim is sent with the revision of the deletion."""
    world = make_world(rematch_store=store)
    event = world.event()
    guest = world.guest(event)
    world.enter(guest)
    deleting = Thread(target=lambda: world.selfies.delete_selfies(guest))

    def interrupt() -> None:
        deleting.start()
        wait_until(lambda: not deleting.is_alive() or world.count_waiting() == 1)

    assert isinstance(world.rematches, InterruptedRematches)
    world.rematches.interrupt = interrupt
    rematch = claim(world)
    deleting.join(10)
    return rematch.encoding is not None and rematch.revision == world.enrolment(guest, event).wanted_revision


def test_a_face_is_never_sent_with_a_later_revision(make_world: MakeWorld) -> None:
    assert not sends_a_deleted_face(make_world, InterruptedRematches)


def test_control_if_read_before_locking_a_deleted_face_is_sent(make_world: MakeWorld) -> None:
    assert sends_a_deleted_face(make_world, HastyRematches)


def test_a_newer_revision_is_sent_while_the_older_one_is_claimed(world: World) -> None:
    guest = world.guest(world.event())
    world.enter(guest, 1)
    claim(world)
    world.enter(guest, 2)
    assert claim(world).encoding == face(2)


def test_two_workers_share_the_events(world: World) -> None:
    events = {world.event(), world.event()}
    for event in events:
        world.enter(world.guest(event))
    assert {claim(world).event_id, claim(world).event_id} == events


def test_a_claim_returns_at_most_the_requested_number(world: World) -> None:
    event = world.event()
    for _ in range(3):
        world.enter(world.guest(event))
    assert [len(world.rematches.claim(2, LEASE_S)) for _ in range(3)] == [2, 1, 0]


def test_a_stop_ends_the_stream_and_releases_the_claims_immediately(world: World) -> None:
    event = world.event()
    guest = world.guest(event)
    world.enter(guest)
    begun, ended = Event(), Event()

    def answer(request: matcher_pb2.RematchRequest) -> Iterable[matcher_pb2.RematchResponse]:
        begun.set()
        ended.wait(10)
        return []

    world.matcher.answer = answer
    loop = Thread(target=lambda: run_steps(world.rematcher.step, lambda: None, world.stop, "test"))
    loop.start()
    assert begun.wait(10)
    world.stop.set()
    world.rematcher.release()
    loop.join(10)
    row = world.enrolment(guest, event)
    assert (row.state, row.lease_until) == ("running", None)
    assert claim(world).user_id == guest  # without backoff
    ended.set()
