"""No face is compared in an event without consent, and a selfie is deleted a day after its guest's last event."""

from threading import Thread
from uuid import UUID

import grpc
import pytest
from sqlalchemy import Connection

from protos.selfie.v1 import selfie_pb2 as pb
from selfie_service.domain import ChangeKind
from selfie_service.store import LeaverStore, changes, erasing
from selfie_service.store.erasing import erase_selfies
from tests.harness.calls import raises_fault
from tests.selfie.test_closed import face, sent, update
from tests.selfie.world import World, valid, wait_until


def join(world: World, guest: UUID, event: UUID, without_search: bool = False) -> None:
    world.publish(ChangeKind.JOINED, event_id=event, user_id=guest, without_search=without_search)
    world.follower.catch_up()


def leave(world: World, guest: UUID, event: UUID, is_last: bool = True) -> None:
    world.publish(ChangeKind.LEFT, event_id=event, user_id=guest, last_membership=is_last)
    world.follower.catch_up()


def pass_time(world: World, hours: int) -> None:
    """Pretends that this much time has passed since the last LEFT and the latest selfie; then runs the cleanup."""
    ago = f"- interval '{hours} hours'"
    world.execute(f"UPDATE selfie.people SET without_events_since = without_events_since {ago}")
    world.execute(f"UPDATE selfie.selfies SET created_at = created_at {ago}")
    while LeaverStore(world.db).erase_due():
        pass


def search_without_consent(world: World) -> list[bytes]:
    """The faces sent for an event whose guest has a selfie elsewhere, takes a new one and requests a rematch."""
    first, second = world.event(), world.event()
    guest = world.guest(first)
    world.enter(guest, 1)
    join(world, guest, second, without_search=True)
    world.rematch()
    world.enter(guest, 2)
    world.rematch()
    world.start_rematch(guest)
    world.rematch()
    assert sent(world, first) == [face(1), face(2), face(2)]
    return sent(world, second)


def test_no_face_is_compared_in_an_event_without_consent(world: World) -> None:
    assert search_without_consent(world) == []


def test_control_if_all_members_are_enrolled_it_is_compared(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "_is_searched", lambda change: True)
    assert search_without_consent(world) != []


def test_after_consent_the_active_selfie_is_compared_exactly_once(world: World) -> None:
    first, second = world.event(), world.event()
    guest = world.guest(first)
    world.enter(guest, 1)
    join(world, guest, second, without_search=True)
    assert {entry.event_id for entry in world.state(guest).events} == {str(first)}
    for _ in range(2):
        join(world, guest, second)
        world.rematch()
    assert sent(world, second) == [face(1)]
    assert {entry.state for entry in world.state(guest).events} == {pb.REMATCH_STATE_DONE}


def test_a_guest_may_send_a_selfie_before_the_consent_arrives(world: World) -> None:
    event = world.event()
    guest = world.guest()
    join(world, guest, event, without_search=True)
    world.enter(guest, 1)
    world.rematch()
    assert sent(world, event) == []
    join(world, guest, event)
    world.rematch()
    assert sent(world, event) == [face(1)]


def test_consent_in_an_ended_event_takes_effect_when_it_reopens(world: World) -> None:
    first, second = world.event(), world.event()
    guest = world.guest(first)
    world.enter(guest, 1)
    join(world, guest, second, without_search=True)
    update(world, second, closed=True)
    join(world, guest, second)
    world.rematch()
    assert face(1) not in sent(world, second)
    update(world, second, closed=False)
    world.rematch()
    assert sent(world, second)[-1] == face(1)


def has_selfie_after_the_last_event(world: World) -> bool:
    event, other = world.event(), world.event()
    guest = world.guest(event, other)
    world.enter(guest, 1)
    world.upload(guest, "newer")
    world.rematch()
    revision = world.row("SELECT revision FROM selfie.people").revision
    leave(world, guest, event, is_last=False)
    assert world.get(guest).image
    world.publish(ChangeKind.EVENT_DELETED, event_id=other)
    leave(world, guest, other)
    pass_time(world, 25)
    world.sweep()
    assert world.count("bindings") == 1, "the daily count is kept"
    assert world.row("SELECT revision FROM selfie.people").revision > revision
    return bool(world.files() or world.row("SELECT bound_encoding FROM selfie.people").bound_encoding)


def test_the_selfie_is_deleted_after_the_last_event(world: World) -> None:
    assert not has_selfie_after_the_last_event(world)
    (guest,) = world.row("SELECT array_agg(user_id) AS users FROM selfie.people").users
    with raises_fault(grpc.StatusCode.NOT_FOUND, "NO_ACTIVE_SELFIE"):
        world.get(guest)
    assert world.row("SELECT count(*) AS n FROM selfie.selfies WHERE state <> 'deleted'").n == 0
    assert world.state(guest).selfie_state == pb.SELFIE_STATE_UNSPECIFIED


def test_control_a_feed_that_does_not_mark_the_last_event_keeps_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "_is_last", lambda change: False)
    assert has_selfie_after_the_last_event(world)


def test_a_verdict_after_the_last_event_is_discarded_and_a_return_needs_a_new_selfie(world: World) -> None:
    event = world.event()
    guest = world.guest(event)
    world.upload(guest)
    job = world.selfies.claim(30)
    assert job
    leave(world, guest, event)
    pass_time(world, 25)
    assert not world.selfies.accept(job, face(1), world.judge).in_time
    join(world, guest, event)
    world.rematch()
    assert face(1) not in sent(world, event)
    world.enter(guest, 2)
    world.rematch()
    assert sent(world, event)[-1] == face(2), "any face: the binding was deleted with the selfie"


def keeps_face(world: World, guest: UUID) -> bool:
    query = "SELECT count(bound_encoding) AS n FROM selfie.people WHERE user_id = :guest"
    return bool(world.row(query, guest=guest).n)


def test_a_face_is_kept_for_a_day_after_the_last_event(world: World) -> None:
    event = world.event()
    guest, member = world.guest(event), world.guest(event)
    for who in (guest, member):
        world.enter(who, 1)
    mia = world.add_person(guest)
    world.upload(guest, "mia", person_id=mia)
    assert world.validate(valid(2))
    leave(world, guest, event)
    pass_time(world, 23)
    assert world.get(guest).image
    assert world.get(guest, mia).image
    pass_time(world, 2)
    for person in ("", mia):
        with raises_fault(grpc.StatusCode.NOT_FOUND, "NO_ACTIVE_SELFIE"):
            world.get(guest, person)
    assert not keeps_face(world, guest)
    assert [person.name for person in world.list_people(guest).people] == ["", "Mia"]
    assert world.get(member).image, "members of an event keep theirs"


def test_a_guest_who_returns_within_a_day_is_found_by_the_same_selfie(world: World) -> None:
    event, other = world.event(), world.event()
    guest = world.guest(event)
    world.enter(guest, 1)
    leave(world, guest, event)
    world.rematch()
    pass_time(world, 23)
    join(world, guest, other)
    world.rematch()
    pass_time(world, 100)
    assert sent(world, other) == [face(1)]
    assert world.get(guest).image


def test_a_selfie_taken_after_the_last_event_is_kept(world: World) -> None:
    """The guest may be waiting for admission to the next event. If rejected, another LEFT restarts the day."""
    event = world.event()
    guest = world.guest(event)
    world.enter(guest, 1)
    leave(world, guest, event)
    pass_time(world, 2)
    world.enter(guest, 1)
    pass_time(world, 30)
    assert world.get(guest).image
    leave(world, guest, world.event())
    pass_time(world, 30)
    assert not keeps_face(world, guest)


class Hasty(LeaverStore):
    """A broken twin: does not check again under the lock."""

    def erase_due(self) -> bool:
        with self._engine.connect() as connection:
            people = changes.text("SELECT person_id FROM selfie.people WHERE without_events_since < now()")
            found = list(connection.execute(people).scalars())
        for person in found:
            with changes.transaction(self._engine) as connection:
                changes.erase_selfies(connection, person)
        return False


def join_while_faces_are_erased(world: World, leavers: LeaverStore) -> bool:
    """Whether the face is kept of a guest who joins an event between the query for due faces and their erasure."""
    event = world.event()
    guest = world.guest(event)
    world.enter(guest, 1)
    leave(world, guest, event)
    world.execute("UPDATE selfie.people SET without_events_since = now() - interval '2 days'")
    world.execute("UPDATE selfie.selfies SET created_at = now() - interval '3 days'")
    with world.db.begin() as connection:
        connection.execute(changes.text("SELECT FROM selfie.people FOR UPDATE"))
        eraser = Thread(target=leavers.erase_due)
        eraser.start()
        wait_until(lambda: world.count_waiting() == 1)
        changes.end_grace(connection, guest)
    eraser.join(20)
    return keeps_face(world, guest)


def test_a_guest_who_joins_during_the_erasure_keeps_their_face(world: World) -> None:
    assert join_while_faces_are_erased(world, LeaverStore(world.db))


def test_control_without_a_second_check_the_face_is_deleted(world: World) -> None:
    assert not join_while_faces_are_erased(world, Hasty(world.db))


def test_an_interrupted_erasure_is_completed_by_the_next_run(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    event = world.event()
    guests = [world.guest(event) for _ in range(3)]
    for number, guest in enumerate(guests):
        world.enter(guest, number)
        leave(world, guest, event)
    erased: list[UUID] = []

    def die_at_the_second(connection: Connection, person_id: UUID) -> None:
        erase_selfies(connection, person_id)
        erased.append(person_id)
        if len(erased) == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(erasing, "erase_selfies", die_at_the_second)
        with pytest.raises(KeyboardInterrupt):
            pass_time(world, 25)
    assert [keeps_face(world, guest) for guest in guests].count(True) == 2
    while LeaverStore(world.db).erase_due():
        pass
    assert not any(keeps_face(world, guest) for guest in guests)
