"""Races of feed changes with verdicts and uploads: the second transaction always sees the first."""

from collections.abc import Callable
from threading import Thread
from uuid import UUID

import grpc
import pytest
from sqlalchemy import Connection, text

from selfie_service.domain import ChangeKind
from selfie_service.store import changes, persons, selfies
from tests.harness.calls import raises_fault
from tests.selfie.world import World, valid, wait_until

PAUSE_AT_COMMIT = """
CREATE FUNCTION selfie.pause() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NULL; END';
CREATE CONSTRAINT TRIGGER pause AFTER {act} ON selfie.{table} DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION selfie.pause();
"""


def race(world: World, first: Callable[[], object], paused_by: tuple[str, str], second: Callable[[], object]) -> None:
    """Holds `first` just before its commit until `second` has ended or waits for it."""
    act, table = paused_by
    world.execute(PAUSE_AT_COMMIT.format(act=act, table=table))
    threads = [Thread(target=first), Thread(target=second)]
    with world.db.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(1)"))
        threads[0].start()
        wait_until(lambda: world.count_waiting() == 1)
        threads[1].start()
        wait_until(lambda: not threads[1].is_alive() or world.count_waiting() == 2)
    for thread in threads:
        thread.join(20)


def join_while_a_verdict_comes(world: World, join_first: bool) -> tuple[str, bool]:
    """The state of the new enrolment, and whether it wants the revision of the verdict."""
    guest = world.guest(world.event())
    world.upload(guest)
    joined = world.event()
    world.follower.catch_up()
    change = world.publish(ChangeKind.JOINED, event_id=joined, user_id=guest)

    def join() -> None:
        world.changes.apply(change)

    def decide() -> None:
        world.validate(valid())

    if join_first:
        race(world, join, ("INSERT", "enrolments"), decide)
    else:
        race(world, decide, ("UPDATE OF state", "selfies"), join)
    row = world.enrolment(guest, joined)
    return row.state, row.wanted_revision == world.row("SELECT revision FROM selfie.people").revision


@pytest.mark.parametrize("join_first", [True, False])
def test_an_event_joined_during_the_verdict_is_matched_in_either_order(world: World, join_first: bool) -> None:
    assert join_while_a_verdict_comes(world, join_first) == ("running", True)


def read_revision(connection: Connection, user_id: UUID) -> int:
    """A broken twin of lock_person and lock_first_person: reads without locking."""
    query, user = text("SELECT revision FROM selfie.people WHERE user_id = :user"), {"user": user_id}
    if connection.execute(query, user).first() is None:
        connection.execute(text("INSERT INTO selfie.people (person_id, user_id) VALUES (:user, :user)"), user)
    revision: int = connection.execute(query, user).scalar_one()
    return revision


@pytest.mark.parametrize("join_first", [True, False])
def test_control_without_the_guests_lock_the_event_is_missed(
    world: World, join_first: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "lock_first_person", read_revision)
    monkeypatch.setattr(
        changes, "lock_people", lambda connection, user_id: {user_id: read_revision(connection, user_id)}
    )
    monkeypatch.setattr(selfies, "lock_person", read_revision)
    assert join_while_a_verdict_comes(world, join_first) == ("idle", False)


def join_while_a_person_is_added(world: World, join_first: bool) -> int:
    """The number of people of an account enrolled in an event that it joins at the same time."""
    guest = world.guest(world.event())
    joined = world.event()
    world.follower.catch_up()
    change = world.publish(ChangeKind.JOINED, event_id=joined, user_id=guest)

    def join() -> None:
        world.changes.apply(change)

    def add() -> None:
        world.add_person(guest)

    if join_first:
        race(world, join, ("INSERT", "enrolments"), add)
    else:
        race(world, add, ("INSERT", "people"), join)
    query = "SELECT count(*) AS n FROM selfie.enrolments WHERE event_id = :event"
    found: int = world.row(query, event=joined).n
    return found


@pytest.mark.parametrize("join_first", [True, False])
def test_a_new_person_is_enrolled_in_an_event_joined_meanwhile_in_either_order(world: World, join_first: bool) -> None:
    assert join_while_a_person_is_added(world, join_first) == 2


@pytest.mark.parametrize("join_first", [True, False])
def test_control_without_the_accounts_lock_the_person_misses_the_event(
    world: World, join_first: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (changes, persons):
        monkeypatch.setattr(module, "lock_first_person", read_revision)
    assert join_while_a_person_is_added(world, join_first) == 1


def test_an_upload_during_an_erasure_waits_and_sees_the_tombstone(world: World) -> None:
    guest = world.guest(world.event())
    erased = world.publish(ChangeKind.USER_ERASED, user_id=guest)
    refusals: list[grpc.StatusCode] = []

    def upload() -> None:
        with raises_fault(grpc.StatusCode.NOT_FOUND, "USER_NOT_FOUND") as refusal:
            world.upload(guest)
        refusals.append(refusal.code or grpc.StatusCode.OK)

    race(world, lambda: world.changes.apply(erased), ("INSERT", "tombstones"), upload)
    assert refusals == [grpc.StatusCode.NOT_FOUND]
    assert world.count("selfies") + world.count("people") == 0
