"""Fair scheduling: no guest's selfies or rematches delay those of others by more than one turn."""

from uuid import UUID

from sqlalchemy import text

from kit.db.engine import transaction
from kit.faces.validation import Examination
from kit.sandbox.process import SandboxTimedOut
from selfie_service.domain import ChangeKind, Rematch, SelfieJob
from selfie_service.spending import Spent
from selfie_service.store import RematchStore, SelfieStore
from selfie_service.store.claims import NOTHING_SPENT
from tests.selfie.world import LEASE_S, MakeWorld, World, valid

MANY = 200


class OldestRematches(RematchStore):
    """A broken twin: claims in order of arrival, as the previous version did."""

    def claim(self, limit: int, lease_s: float) -> list[Rematch]:
        with transaction(self._engine) as connection:
            connection.execute(text("UPDATE selfie.enrolments SET turn_at = retry_at"))
        return super().claim(limit, lease_s)


class OldestSelfies(SelfieStore):
    """A broken twin: claims the oldest upload first, regardless of earlier attempts."""

    def claim(self, lease_s: float, spent: Spent = NOTHING_SPENT, is_slow: bool | None = None) -> SelfieJob | None:
        with transaction(self._engine) as connection:
            connection.execute(text("UPDATE selfie.selfies SET queued_at = created_at"))
        return super().claim(lease_s)


def join_many(world: World, guest: UUID) -> None:
    for _ in range(MANY):
        world.publish(ChangeKind.JOINED, event_id=world.event(), user_id=guest)
    world.follower.catch_up()


def count_streams_before(world: World, others: set[UUID]) -> int:
    """The number of streams sent until the last of these guests is matched."""
    missing, count = set(others), 0
    while missing:
        count += 1
        assert world.rematcher.step()
        missing -= {UUID(request.user_id) for request in world.matcher.requests}
    return count


def match_ten_behind_many_events(world: World) -> int:
    """The number of streams until ten guests of ten events are matched who arrive after one guest of 200 events."""
    guest = world.guest(*(world.event() for _ in range(MANY)))
    others = [world.guest(world.event()) for _ in range(10)]
    for who in (guest, *others):
        world.enter(who)
    return count_streams_before(world, set(others))


def test_ten_guests_wait_for_at_most_one_event_of_a_guest_of_two_hundred(world: World) -> None:
    assert match_ten_behind_many_events(world) == 11


def test_control_in_order_of_arrival_they_wait_for_all(make_world: MakeWorld) -> None:
    assert match_ten_behind_many_events(make_world(rematch_store=OldestRematches)) == MANY + 10


def test_joining_many_events_does_not_delay_others(world: World) -> None:
    guest, other = world.guest(world.event()), world.guest(world.event())
    world.enter(guest)
    world.rematch()
    join_many(world, guest)
    world.enter(other)
    assert count_streams_before(world, {other}) <= 2


def test_every_event_of_a_guest_gets_its_turn(world: World) -> None:
    guest = world.guest(*(world.event() for _ in range(MANY)))
    world.enter(guest)
    world.rematch()
    assert len(world.matcher.requests) == MANY
    assert world.rematches.read_queue() == (0, 0.0)


def restart_while_another_waits(world: World, rounds: int = 5) -> int:
    """The number of claims of a guest who re-requests a rematch at each of them, before a later guest is claimed."""
    guest, other = world.guest(world.event()), world.guest(world.event())
    for who in (guest, other):
        world.enter(who)
    for count in range(rounds):
        [claimed] = world.rematches.claim(64, LEASE_S)
        if claimed.user_id == other:
            return count
        world.start_rematch(guest)
    return rounds


def test_a_guest_who_keeps_requesting_a_rematch_gets_one_turn(world: World) -> None:
    assert restart_while_another_waits(world) == 1


class JumpingRematches(RematchStore):
    """A broken twin: a claimed guest stays at the front of the queue."""

    def claim(self, limit: int, lease_s: float) -> list[Rematch]:
        claimed = super().claim(limit, lease_s)
        with transaction(self._engine) as connection:
            connection.execute(text("UPDATE selfie.enrolments SET turn_at = 'epoch' WHERE lease_until > now()"))
        return claimed


def test_control_if_they_stay_at_the_front_others_starve(make_world: MakeWorld) -> None:
    assert restart_while_another_waits(make_world(rematch_store=JumpingRematches)) > 1


def examine_others_behind_a_slow_one(world: World) -> list[bool]:
    """The order of examinations: whether each is of the guest over whose selfie the engine hangs."""
    names = []

    def examine(image: bytes) -> Examination:
        names.append(slow := image.endswith(b"slow"))
        if slow:
            raise SandboxTimedOut("no answer within 15 s")
        return valid()(image)

    event = world.event()
    world.upload(world.guest(event), "slow")
    for _ in range(3):
        world.upload(world.guest(event), "good")
    while world.validate(examine):
        pass
    return names


def test_a_selfie_over_which_the_engine_hangs_is_retried_after_the_others(world: World) -> None:
    assert examine_others_behind_a_slow_one(world) == [True, False, False, False, True, True]


def test_control_oldest_first_the_others_wait_for_three_failures(make_world: MakeWorld) -> None:
    slow_first = [True, True, True, False, False, False]
    assert examine_others_behind_a_slow_one(make_world(selfie_store=OldestSelfies)) == slow_first


def upload_at_each_claim(world: World) -> list[bool]:
    """Whether each of five claims is of the guest who uploads again at each of them, while three guests wait."""
    event = world.event()
    guest = world.guest(event)
    world.upload(guest, "0")
    others = [world.guest(event) for _ in range(3)]
    for other in others:
        world.upload(other)
    claims = []
    for number in range(5):
        job = world.selfies.claim(LEASE_S)
        assert job
        claims.append(job.person_id == guest)
        world.upload(guest, f"again {number}")
    return claims


def test_a_guest_who_keeps_uploading_gets_one_turn_per_round(world: World) -> None:
    assert upload_at_each_claim(world) == [True, False, False, False, True]


def test_a_repeated_upload_keeps_its_place_in_the_queue(world: World) -> None:
    event = world.event()
    guest, other = world.guest(event), world.guest(event)
    for who in (guest, other, guest, guest):
        newest = world.upload(who)
    job = world.selfies.claim(LEASE_S)
    assert job
    assert job.selfie_id == newest


def test_control_if_requeued_at_the_end_a_correction_loses_its_place(make_world: MakeWorld) -> None:
    world = make_world(selfie_store=OldestSelfies)
    event = world.event()
    guest, other = world.guest(event), world.guest(event)
    for who in (guest, other, guest):
        world.upload(who)
    job = world.selfies.claim(LEASE_S)
    assert job
    assert job.person_id == other
