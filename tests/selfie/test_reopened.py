"""A reopened event receives the faces that were held back; locks keep this correct during verdicts and deletions."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from threading import Thread
from uuid import UUID

import pytest
from sqlalchemy import Connection, text

from kit.errors import DatabaseUnavailable
from protos.selfie.v1 import selfie_pb2 as pb
from selfie_service.domain import Change, ChangeKind
from selfie_service.store import changes, people
from tests.selfie.test_closed import PAST, close, join, sent, update
from tests.selfie.test_races import race
from tests.selfie.world import World, face, valid, wait_until

FUTURE = datetime.now(UTC) + timedelta(days=1)


@pytest.mark.parametrize("opened", [{"closed": False}, {"expires_at": FUTURE}], ids=["opened", "prolonged"])
def test_the_newest_face_is_searched_when_the_event_reopens(world: World, opened: dict[str, object]) -> None:
    event = world.event()
    guest, other = world.guest(event), world.guest(event)
    for who in (guest, other):
        world.enter(who, 1)
    world.rematch()
    update(world, event, closed=True, expires_at=PAST)
    join(world, guest)
    for number in (2, 3):
        world.enter(guest, number)
    world.rematch()
    update(world, event, **opened)
    assert pb.REMATCH_STATE_RUNNING in {entry.state for entry in world.state(guest).events}
    world.rematch()
    assert sent(world, event) == [face(1), face(1), face(3)]
    assert world.state(guest).HasField("finish_time")


def test_an_update_that_leaves_the_event_closed_searches_nothing(world: World) -> None:
    event = world.event()
    guest = world.guest(event)
    world.enter(guest, 1)
    world.rematch()
    close(world, event)
    join(world, guest)
    world.enter(guest, 2)
    for fields in ({"closed": True}, {"closed": True, "expires_at": FUTURE}, {"expires_at": PAST}):
        update(world, event, **fields)
    world.rematch()
    assert sent(world, event) == [face(1)]


def reopen_during_the_verdict(world: World) -> list[bytes]:
    """The faces sent for an event that reopens while a verdict that saw it closed commits."""
    event = world.event()
    guest = world.guest(event)
    close(world, event)
    join(world, guest)
    world.upload(guest)
    opened = world.publish(ChangeKind.EVENT_UPDATED, event_id=event, closed=False)
    race(
        world,
        lambda: world.validate(valid(1)),
        ("UPDATE OF state", "selfies"),
        lambda: world.changes.apply(opened),
    )
    world.rematch()
    return sent(world, event)


def test_an_event_that_reopens_during_the_verdict_is_searched(world: World) -> None:
    assert reopen_during_the_verdict(world) == [face(1)]


def test_control_without_the_events_lock_it_is_missed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def look_only(connection: Connection, user_id: UUID) -> list[UUID]:
        found = connection.exec_driver_sql(
            "SELECT event_id FROM selfie.enrolments JOIN selfie.events USING (event_id) WHERE user_id = %s AND closed",
            (user_id,),
        )
        return list(found.scalars())

    monkeypatch.setattr(people, "_lock_closed_events", look_only)
    assert reopen_during_the_verdict(world) == []


def delete_during_the_verdict(world: World, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether a verdict and an event deletion that starts while the verdict holds its locks both succeed."""
    event = world.event()
    guest = world.guest(event, world.event())
    world.upload(guest)
    gone = world.publish(ChangeKind.EVENT_DELETED, event_id=event)

    def delete() -> None:
        with suppress(DatabaseUnavailable):
            world.changes.apply(gone)

    deleting, lock = Thread(target=delete), people._lock_closed_events

    def lock_and_delete(connection: Connection, user_id: UUID) -> list[UUID]:
        closed = lock(connection, user_id)
        deleting.start()
        wait_until(lambda: world.count_waiting() == 1)
        return closed

    monkeypatch.setattr(people, "_lock_closed_events", lock_and_delete)
    with suppress(DatabaseUnavailable):
        world.validate(valid(1))
    deleting.join(20)
    return world.changes.cursor() == gone.sequence and world.state(guest).selfie_state == pb.SELFIE_STATE_ACTIVE


def test_an_event_can_be_deleted_during_a_verdict(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert delete_during_the_verdict(world, monkeypatch)


def test_control_deleting_enrolments_before_the_event_deadlocks(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def delete(connection: Connection, change: Change) -> None:
        for table in ("enrolments", "events"):
            connection.execute(text(f"DELETE FROM selfie.{table} WHERE event_id = :event"), {"event": change.event_id})

    monkeypatch.setitem(changes._APPLY, ChangeKind.EVENT_DELETED, delete)
    assert not delete_during_the_verdict(world, monkeypatch)
