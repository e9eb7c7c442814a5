"""Selfies when a worker is killed or stopped, or its engine fails."""

from contextlib import suppress
from threading import Event, Thread
from uuid import UUID

import pytest

from kit.errors import DatabaseUnavailable
from kit.faces.validation import Examination
from kit.sandbox.process import SandboxDied, SandboxFault, SandboxNotStarted, SandboxTimedOut
from kit.worker import run_steps
from protos.selfie.v1 import selfie_pb2 as pb
from selfie_service.domain import RejectReason, SelfieJob
from selfie_service.store import SelfieStore
from selfie_service.worker import Validator
from tests.selfie.world import LEASE_S, Examine, MakeWorld, World, image_of, valid, wait_until


class ForgetfulSelfies(SelfieStore):
    """A broken twin: counts every interruption as a crash."""

    def release(self, job: SelfieJob) -> bool:
        return self.count_failure(job)


def failing(fault: Exception) -> Examine:
    def examine(_: bytes) -> Examination:
        raise fault

    return examine


def claim(world: World) -> SelfieJob:
    job = world.selfies.claim(LEASE_S)
    assert job is not None
    return job


def test_a_claimed_selfie_is_exclusive(world: World, guest: UUID) -> None:
    world.upload(guest)
    claim(world)
    assert world.selfies.claim(LEASE_S) is None


def test_the_lease_uses_the_clock_of_the_database(world: World, guest: UUID) -> None:
    world.upload(guest)
    claim(world)
    left_s = float(world.row("SELECT extract(epoch FROM lease_until - now()) AS s FROM selfie.selfies").s)
    assert LEASE_S - 10 < left_s <= LEASE_S


def test_a_killed_worker_costs_an_attempt_but_no_failure(world: World, guest: UUID) -> None:
    selfie_id = world.upload(guest)
    for _ in range(5):
        claim(world)
        world.end_leases()
    world.validate(valid())
    row = world.selfie(selfie_id)
    assert (row.state, row.failures, row.attempt) == ("active", 0, 6)


@pytest.mark.parametrize("fault", [SandboxDied("exit code -11"), SandboxTimedOut("no answer within 15 s")])
def test_the_third_failure_puts_a_selfie_aside_and_keeps_its_bytes(
    world: World, guest: UUID, fault: SandboxFault
) -> None:
    selfie_id = world.upload(guest)
    for failures in (1, 2):
        world.validate(failing(fault))
        row = world.selfie(selfie_id)
        assert (row.state, row.failures, row.lease_until) == ("pending", failures, None)
    world.validate(failing(fault))
    row = world.selfie(selfie_id)
    assert (row.state, world.image(row)) == ("error", image_of("selfie"))
    assert not world.validate(valid())
    assert world.state(guest).selfie_state == pb.SELFIE_STATE_ERROR


def test_a_selfie_put_aside_is_emptied_on_deletion(world: World, guest: UUID) -> None:
    selfie_id = world.upload(guest)
    while world.validate(failing(SandboxDied())):
        pass
    world.delete(guest)
    row = world.selfie(selfie_id)
    assert (row.state, row.image_key) == ("deleted", None)


class RejectingValidator(Validator):
    """A broken twin: rejects a selfie over which the engine fails."""

    def _give_up(self, job: SelfieJob, fault: Exception) -> None:
        self._store.reject(job, RejectReason.UNREADABLE)


def fail_once(world: World, fault: Exception) -> list[str]:
    """The states of a good selfie: after the engine failed over it, and after the next attempt."""
    selfie_id = world.upload(world.guest(world.event()))
    states = []
    for examine in (failing(fault), valid()):
        with suppress(DatabaseUnavailable):
            world.validate(examine)
        states.append(world.selfie(selfie_id).state)
    return states


FAULTS = [SandboxDied("exit code -11"), SandboxTimedOut("no answer within 15 s"), DatabaseUnavailable()]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
def test_a_failure_is_cleared_when_the_next_attempt_succeeds(world: World, fault: Exception) -> None:
    assert fail_once(world, fault) == ["pending", "active"]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
def test_control_if_rejected_on_a_failure_a_good_selfie_is_lost(make_world: MakeWorld, fault: Exception) -> None:
    assert fail_once(make_world(validator=RejectingValidator), fault) == ["rejected", "rejected"]


def fail_to_start(world: World) -> str:
    """Fails to start the engine four times, which is more often than a selfie may fail."""
    selfie_id = world.upload(world.guest(world.event()))
    for _ in range(4):
        with pytest.raises(SandboxNotStarted):
            world.validate(failing(SandboxNotStarted()))
    state: str = world.selfie(selfie_id).state
    return state


def test_an_engine_that_does_not_start_counts_no_failure(world: World) -> None:
    assert fail_to_start(world) == "pending"


def test_control_if_every_fault_counted_the_selfie_would_be_put_aside(make_world: MakeWorld) -> None:
    with pytest.raises(pytest.fail.Exception):  # the selfie is put aside before the fourth attempt
        fail_to_start(make_world(selfie_store=ForgetfulSelfies))


def test_nothing_is_claimed_until_the_engine_is_ready(world: World, guest: UUID) -> None:
    selfie_id = world.upload(guest)

    def prepare() -> None:
        raise SandboxNotStarted

    with pytest.raises(SandboxNotStarted):
        Validator(world.selfies, world.images, valid(), world.judge, prepare, LEASE_S, world.stop).step()
    assert world.selfie(selfie_id).attempt == 0


def stop_while_examining(world: World) -> UUID:
    """SIGTERM arrives, the claim is released, and then the engine dies during the examination."""
    selfie_id = world.upload(world.guest(world.event()))
    begun, ended = Event(), Event()

    def examine(_: bytes) -> Examination:
        begun.set()
        ended.wait(10)
        raise SandboxDied("killed by the stop")

    validator = world.validator(examine)
    loop = Thread(target=lambda: run_steps(validator.step, lambda: None, world.stop, "test"))
    loop.start()
    assert begun.wait(10)
    world.stop.set()
    validator.release()
    assert world.selfie(selfie_id).lease_until is None  # immediately, not when the examination ends
    ended.set()
    loop.join(10)
    return selfie_id


def test_a_stop_releases_the_claim_immediately_and_counts_no_failure(world: World) -> None:
    row = world.selfie(stop_while_examining(world))
    assert (row.state, row.failures, row.lease_until) == ("pending", 0, None)


def test_control_if_every_fault_counted_a_stop_would_count_too(make_world: MakeWorld) -> None:
    world = make_world(selfie_store=ForgetfulSelfies)
    assert world.selfie(stop_while_examining(world)).failures > 0


def test_an_upload_wakes_a_waiting_worker(world: World, guest: UUID) -> None:
    with world.db.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.autocommit = True
        driver.cursor().execute("LISTEN selfie_selfies")
        world.upload(guest)

        def is_woken() -> bool:
            driver.poll()
            return bool(driver.notifies)

        wait_until(is_woken)
        driver.autocommit = False


def test_the_queue_reports_its_depth_and_age(world: World, guest: UUID) -> None:
    assert world.selfies.read_queue() == (0, 0.0)
    world.upload(guest)
    world.execute("UPDATE selfie.selfies SET created_at = now() - interval '1 minute'")
    depth, age_s = world.selfies.read_queue()
    assert depth == 1
    assert 60 <= age_s < 120
