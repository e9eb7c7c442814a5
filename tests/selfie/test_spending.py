"""Scheduling by engine time spent: heavy users wait behind light ones, by account and then by event."""

from contextlib import suppress
from itertools import count
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from kit.faces.validation import Examination
from selfie_service.domain import SelfieJob
from selfie_service.spending import HALF_LIFE_S, MAX_LISTED, Spending, Spent
from selfie_service.store import SelfieStore
from selfie_service.store.claims import NOTHING_SPENT
from selfie_service.worker import Validator
from tests.selfie.world import LEASE_S, MakeWorld, World, face

HOSTILE = 25
BOMB_S = 2.0
FACE_S = 0.2


class Clock:
    """A clock that advances only during examinations."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Indifferent(SelfieStore):
    """A broken twin: claims the longest-waiting selfie regardless of time spent."""

    def claim(self, lease_s: float, spent: Spent = NOTHING_SPENT, is_slow: bool | None = None) -> SelfieJob | None:
        return super().claim(lease_s)


class Siege:
    """Accounts that send another bomb as soon as one is examined, and the examinations that precede other guests."""

    def __init__(self, world: World, events: list[UUID]) -> None:
        self.world, self.clock, self.names = world, Clock(), count()
        self.hostile = [world.guest(event) for event in events]
        self.validator = Validator(
            world.selfies, world.images, self.examine, None, lambda: None, LEASE_S, world.stop, Spending(self.clock)
        )
        for account in self.hostile:
            self.send(account)

    def send(self, account: UUID) -> None:
        self.world.upload(account, f"bomb {next(self.names)}")

    def examine(self, image: bytes) -> Examination:
        self.clock.now += BOMB_S if b"bomb" in image else FACE_S
        return Examination("no_face") if b"bomb" in image else Examination(None, face(1))

    def examine_next(self, steps: int) -> None:
        """Examines the next selfies in order; each attacker then sends again."""
        for _ in range(steps):
            pending = self.pending()
            assert self.validator.step()
            for account in pending - self.pending():
                if account in self.hostile:
                    self.send(account)

    def pending(self) -> set[UUID]:
        with self.world.db.connect() as connection:
            return set(connection.execute(text("SELECT user_id FROM selfie.selfies WHERE state = 'pending'")).scalars())

    def count_before(self, guest: UUID) -> int:
        """The number of selfies examined before that of a guest who sends one now."""
        self.world.upload(guest, f"face {next(self.names)}")
        for number in count():
            self.examine_next(1)
            if guest not in self.pending():
                return number
        raise AssertionError


def test_a_guest_does_not_wait_for_accounts_that_keep_sending_bombs(world: World) -> None:
    event = world.event()
    siege = Siege(world, [event] * HOSTILE)
    siege.examine_next(HOSTILE)
    assert siege.count_before(world.guest(event)) == 0
    again = world.guest(event)
    assert siege.count_before(again) == 0
    assert siege.count_before(again) == 0, "a second selfie of the same guest"


def test_control_in_order_of_arrival_a_guest_waits_for_all_of_them(make_world: MakeWorld) -> None:
    world = make_world(selfie_store=Indifferent)
    event = world.event()
    siege = Siege(world, [event] * HOSTILE)
    siege.examine_next(HOSTILE)
    assert siege.count_before(world.guest(event)) == HOSTILE


def wait_in_another_event(world: World) -> int:
    """The number of new accounts of a busy event examined before a guest of a quiet one."""
    busy, quiet = world.event(), world.event()
    siege = Siege(world, [busy])
    siege.examine_next(1)
    for _ in range(HOSTILE):
        siege.send(world.guest(busy))
    return siege.count_before(world.guest(quiet))


def test_many_new_accounts_delay_only_their_own_event(world: World) -> None:
    assert wait_in_another_event(world) == 0


def test_control_without_accounting_by_event_all_wait_for_them(make_world: MakeWorld) -> None:
    assert wait_in_another_event(make_world(selfie_store=Indifferent)) > HOSTILE


def test_all_people_of_an_account_are_charged_to_it(world: World) -> None:
    event = world.event()
    guest = world.guest(event)
    world.upload(guest)
    job = world.selfies.claim(LEASE_S)
    assert job
    assert (job.account_id, job.event_ids) == (guest, (event,))


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_spending_halves_every_minute_and_small_amounts_are_dropped(clock: Clock) -> None:
    spending, account, event = Spending(clock), uuid4(), uuid4()
    spending.charge(account, [event], 1.0)
    clock.now = HALF_LIFE_S
    spending.charge(account, [], 1.0)
    assert spending.read() == Spent({account: 1.5}, {event: 0.5})
    clock.now = 10 * HALF_LIFE_S
    assert spending.read() == Spent({}, {})


def test_a_failed_examination_is_charged_too(clock: Clock) -> None:
    spending, account = Spending(clock), uuid4()
    with suppress(RuntimeError), spending.measure(account, []):
        clock.now += 15
        raise RuntimeError
    assert spending.read().accounts == {account: 15}


def test_only_the_accounts_that_spent_most_are_recorded(clock: Clock) -> None:
    spending = Spending(clock)
    for number in range(MAX_LISTED + 10):
        spending.charge(UUID(int=number), [], 1 + number)
    listed = spending.read().accounts
    assert len(listed) == MAX_LISTED
    assert min(listed.values()) == 11
