"""Selfies from pending to their verdict; only the last claimant's verdict counts."""

from uuid import UUID

from sqlalchemy import Connection

from kit.faces.validation import Examination
from protos.selfie.v1 import selfie_pb2 as pb
from selfie_service.domain import RejectReason, SelfieJob
from selfie_service.store import SelfieStore
from tests.selfie.world import LEASE_S, MakeWorld, World, face, image_of, invalid, valid


class UnfencedSelfies(SelfieStore):
    """A broken twin: accepts a verdict regardless of changes since the claim."""

    def _is_current(self, connection: Connection, job: SelfieJob) -> bool:
        return True


def claim(world: World) -> SelfieJob:
    job = world.selfies.claim(LEASE_S)
    assert job is not None
    return job


def test_an_accepted_selfie_becomes_active_and_is_wanted_in_every_event(world: World) -> None:
    events = world.event(), world.event()
    guest = world.guest(*events)
    selfie_id = world.enter(guest, 3)
    row = world.selfie(selfie_id)
    assert (row.state, world.encoding(row), world.image(row)) == ("active", face(3), image_of("person 3"))
    for event in events:
        enrolment = world.enrolment(guest, event)
        assert (enrolment.wanted_revision, enrolment.state) == (row.revision + 1, "running")


def test_the_examination_gets_the_uploaded_bytes(world: World, guest: UUID) -> None:
    seen: list[bytes] = []
    world.upload(guest, "me")

    def examine(image: bytes) -> Examination:
        seen.append(image)
        return Examination("no_face")

    world.validate(examine)
    assert seen == [image_of("me")]


def test_without_a_pending_selfie_there_is_nothing_to_do(world: World, guest: UUID) -> None:
    world.enter(guest)
    assert not world.validate(valid())


def test_selfies_are_examined_in_order_of_arrival(world: World, guest: UUID) -> None:
    seen: list[bytes] = []

    def examine(image: bytes) -> Examination:
        seen.append(image)
        return Examination("no_face")

    names = ["first", "second", "third"]
    for name in names:
        world.upload(world.guest(world.event()), name)
    while world.validate(examine):
        pass
    assert seen == [image_of(name) for name in names]


def test_an_invalid_selfie_is_emptied_and_has_a_reason(world: World, guest: UUID) -> None:
    selfie_id = world.upload(guest)
    world.validate(invalid("several_faces"))
    row = world.selfie(selfie_id)
    assert (row.state, row.image_key, row.encoding) == ("rejected", None, None)
    state = world.state(guest)
    assert state.selfie_state == pb.SELFIE_STATE_REJECTED
    assert state.reject_reason == pb.REJECT_REASON_SEVERAL_FACES


def reject_alongside_an_active_one(world: World) -> tuple[str, bytes | None, bool]:
    """State and encoding of the active selfie after another one was rejected, and whether its rematch is unchanged."""
    event = world.event()
    guest = world.guest(event)
    old = world.enter(guest)
    world.rematch()
    before = world.enrolment(guest, event)
    world.upload(guest, "wall")
    world.validate(invalid("no_face"))
    row = world.selfie(old)
    return row.state, world.encoding(row), world.enrolment(guest, event) == before


def test_an_invalid_selfie_leaves_the_active_one_and_its_matches_unchanged(world: World) -> None:
    assert reject_alongside_an_active_one(world) == ("active", face(1), True)


class SweepingRejections(SelfieStore):
    """A broken twin: a rejection empties all selfies of the guest."""

    def reject(self, job: SelfieJob, reason: RejectReason) -> bool:
        in_time = super().reject(job, reason)
        self.delete_selfies(job.person_id)
        return in_time


def test_control_a_rejection_that_empties_all_removes_the_active_one_and_its_matches(make_world: MakeWorld) -> None:
    assert reject_alongside_an_active_one(make_world(selfie_store=SweepingRejections)) == ("deleted", None, False)


def test_a_valid_selfie_replaces_the_active_one(world: World, guest: UUID) -> None:
    old, new = world.enter(guest, 1), world.enter(guest, 2)
    row = world.selfie(old)
    assert (row.state, row.image_key, row.encoding) == ("superseded", None, None)
    assert world.selfie(new).state == "active"


def test_the_active_selfie_stays_in_use_until_the_next_verdict(world: World, guest: UUID) -> None:
    old = world.enter(guest)
    world.upload(guest, "newer")
    assert world.selfie(old).state == "active"
    assert world.state(guest).selfie_state == pb.SELFIE_STATE_PENDING


def test_a_verdict_after_a_newer_upload_changes_nothing(world: World, guest: UUID) -> None:
    world.upload(guest, "first")
    job = claim(world)
    newer = world.upload(guest, "second")
    assert not world.selfies.accept(job, face(1), world.judge).in_time
    assert world.selfie(job.selfie_id).state == "superseded"
    assert world.selfie(newer).state == "pending"


def delete_before_the_verdict(world: World) -> str:
    guest = world.guest(world.event())
    world.upload(guest)
    job = claim(world)
    world.delete(guest)
    world.selfies.accept(job, face(1), world.judge)
    state: str = world.selfie(job.selfie_id).state
    return state


def test_a_verdict_after_the_deletion_restores_nothing(world: World) -> None:
    assert delete_before_the_verdict(world) == "deleted"


def test_control_without_the_fence_a_late_verdict_restores_the_selfie(make_world: MakeWorld) -> None:
    assert delete_before_the_verdict(make_world(selfie_store=UnfencedSelfies)) == "active"


def overtake_a_slow_worker(world: World) -> bytes:
    """The first worker's lease expires and a second worker takes over; the first one's verdict arrives late."""
    guest = world.guest(world.event())
    selfie_id = world.upload(guest)
    slow = claim(world)
    world.end_leases()
    fast = claim(world)
    assert fast.attempt == slow.attempt + 1
    world.selfies.accept(slow, face(1), world.judge)
    world.selfies.accept(fast, face(2), world.judge)
    encoding = world.encoding(world.selfie(selfie_id))
    assert encoding is not None
    return encoding


def test_only_the_last_claimant_writes_a_verdict(world: World) -> None:
    assert overtake_a_slow_worker(world) == face(2)
    assert world.row("SELECT max(revision) AS last FROM selfie.people").last == 2


def test_control_without_the_fence_both_claimants_write_a_verdict(make_world: MakeWorld) -> None:
    world = make_world(selfie_store=UnfencedSelfies)
    overtake_a_slow_worker(world)
    assert world.row("SELECT max(revision) AS last FROM selfie.people").last == 3


def test_no_rejection_or_failure_is_written_after_the_claim_was_lost(world: World, guest: UUID) -> None:
    selfie_id = world.upload(guest)
    slow = claim(world)
    world.end_leases()
    claim(world)
    assert not world.selfies.reject(slow, RejectReason.NO_FACE)
    assert not world.selfies.count_failure(slow)
    assert not world.selfies.release(slow)
    row = world.selfie(selfie_id)
    assert (row.state, row.failures, row.lease_until is None) == ("pending", 0, False)
