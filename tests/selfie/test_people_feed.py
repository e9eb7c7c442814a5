"""Several people of an account that joins and leaves events, also while processes of the previous version follow."""

from uuid import UUID

import grpc
import pytest
from sqlalchemy import Connection, text

from protos.selfie.v1 import selfie_pb2 as pb
from selfie_service.domain import ChangeKind
from selfie_service.store import changes
from tests.harness.calls import raises_fault
from tests.selfie.people import ME, MIA, delete_mia, look_for_mia, send, sent
from tests.selfie.scripted import DONE, FAILED, answer_with
from tests.selfie.test_consent import pass_time
from tests.selfie.world import World


def test_a_matcher_of_the_previous_version_does_not_confuse_people(world: World) -> None:
    """It does not support accounts and reports that the person is no member; the request is retried later."""
    event = world.event()
    user = world.guest(event)
    world.matcher.answer = answer_with(FAILED, reason="EVENT_NOT_FOUND")
    mia = world.add_person(user)
    send(world, user, MIA, mia)
    assert sent(world, event) == {mia: MIA}
    assert world.state(user, mia).events[0].state == pb.REMATCH_STATE_FAILED
    world.matcher.answer = answer_with(DONE, matched_count=2)
    world.end_backoff()
    world.rematch()
    assert world.state(user, mia).events[0].matched_count == 2


def test_every_person_is_matched_in_an_event_joined_later(world: World) -> None:
    user = world.guest(world.event())
    mia = world.add_person(user)
    send(world, user, ME)
    send(world, user, MIA, mia)
    later = world.event()
    world.publish(ChangeKind.JOINED, event_id=later, user_id=user)
    world.follower.catch_up()
    assert sent(world, later) == {str(user): ME, mia: MIA}


def test_control_enrolling_only_the_first_person_is_detected(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def lock_first(connection: Connection, user_id: UUID) -> dict[UUID, int]:
        return {user_id: 1}

    monkeypatch.setattr(changes, "lock_people", lock_first)
    user = world.guest(world.event())
    mia = world.add_person(user)
    send(world, user, MIA, mia)
    later = world.event()
    world.publish(ChangeKind.JOINED, event_id=later, user_id=user)
    world.follower.catch_up()
    assert mia not in sent(world, later)


def test_a_deleted_person_is_not_enrolled(world: World) -> None:
    _, user, mia = delete_mia(world)
    later = world.event()
    world.publish(ChangeKind.JOINED, event_id=later, user_id=user)
    world.follower.catch_up()
    assert mia not in sent(world, later)


def test_leaving_the_last_event_deletes_every_face_of_the_account(world: World) -> None:
    event = world.event()
    user = world.guest(event)
    mia = world.add_person(user)
    send(world, user, ME)
    send(world, user, MIA, mia)
    world.publish(ChangeKind.LEFT, event_id=event, user_id=user, last_membership=True)
    world.follower.catch_up()
    pass_time(world, 25)
    kept = (
        "SELECT (SELECT count(encoding) FROM selfie.selfies) + (SELECT count(bound_encoding) FROM selfie.people) AS n"
    )
    assert world.row(kept).n == 0
    assert world.count("enrolments") == 0
    world.sweep()
    assert not world.files()


def test_an_erased_account_leaves_no_person(world: World) -> None:
    user = world.guest(world.event())
    mia = world.add_person(user)
    send(world, user, MIA, mia)
    world.publish(ChangeKind.USER_ERASED, user_id=user)
    world.follower.catch_up()
    assert [world.count(table) for table in ("people", "selfies", "enrolments", "bindings")] == [0] * 4
    world.sweep()
    assert not world.files()
    with raises_fault(grpc.StatusCode.NOT_FOUND, "USER_NOT_FOUND"):
        world.add_person(user)


def test_a_person_is_searched_only_in_events_of_the_account(world: World) -> None:
    searched, other = world.event(), world.event()
    user = world.guest(searched)
    world.publish(ChangeKind.JOINED, event_id=other, user_id=user, without_search=True)
    world.follower.catch_up()
    mia = world.add_person(user)
    send(world, user, MIA, mia)
    assert sent(world, searched) == {mia: MIA}
    assert sent(world, other) == {}


def test_a_closed_event_is_not_searched_for_a_new_person(world: World) -> None:
    closed, still_open = world.event(), world.event()
    user = world.guest(closed, still_open)
    mia = world.add_person(user)
    world.publish(ChangeKind.EVENT_UPDATED, event_id=closed, closed=True)
    world.follower.catch_up()
    send(world, user, MIA, mia)
    assert sent(world, closed) == {}
    assert sent(world, still_open) == {mia: MIA}


def test_a_worker_of_the_previous_version_sends_each_persons_own_id(world: World) -> None:
    """It sends the `user_id` of the row that it claims."""
    event, user, mia = look_for_mia(world)
    rows = "SELECT person_id, user_id FROM selfie.enrolments WHERE event_id = :event"
    with world.db.connect() as connection:
        sent_by_it = {row.person_id: row.user_id for row in connection.execute(text(rows), {"event": event})}
    assert sent_by_it == {user: user, UUID(mia): UUID(mia)}


def test_people_not_enrolled_by_a_process_of_the_previous_version_are_enrolled_later(world: World) -> None:
    _, user, mia = look_for_mia(world)
    later = world.event()
    world.publish(ChangeKind.JOINED, event_id=later, user_id=user)
    world.follower.catch_up()
    world.execute(f"DELETE FROM selfie.enrolments WHERE event_id = '{later}' AND person_id = '{mia}'")
    assert mia not in sent(world, later)
    world.people_store.tidy()
    assert sent(world, later)[mia] == MIA
    before = len(world.matcher.requests)
    world.people_store.tidy()
    world.rematch()
    assert len(world.matcher.requests) == before


def test_a_return_is_matched_although_the_previous_version_processed_the_leave(world: World) -> None:
    event, user, mia = look_for_mia(world)
    world.execute(f"DELETE FROM selfie.enrolments WHERE event_id = '{event}' AND person_id = '{user}'")
    world.matcher.requests.clear()
    world.publish(ChangeKind.JOINED, event_id=event, user_id=user)
    world.follower.catch_up()
    assert sent(world, event)[mia] == MIA


def test_the_events_of_all_people_of_an_account_are_queued_in_sequence(world: World) -> None:
    _, user, mia = look_for_mia(world)
    send(world, user, ME)
    world.rematch()
    joined = world.event()
    world.publish(ChangeKind.JOINED, event_id=joined, user_id=user)
    world.follower.catch_up()
    query = "SELECT count(DISTINCT turn_at) AS n FROM selfie.enrolments WHERE event_id = :event"
    assert world.row(query, event=joined).n == 2
    assert set(sent(world, joined)) == {str(user), mia}


def leave_as_previous_version(world: World, user: UUID, event: UUID) -> None:
    """Applies the last LEFT of an account as a process of the previous version does, except for its first selfie."""
    world.execute(f"DELETE FROM selfie.enrolments WHERE user_id = '{user}' AND event_id = '{event}'")
    world.execute(f"DELETE FROM selfie.members WHERE user_id = '{user}' AND event_id = '{event}'")


def test_a_leave_processed_by_the_previous_version_still_deletes_every_face(world: World) -> None:
    event, user, _ = look_for_mia(world)
    leave_as_previous_version(world, user, event)
    world.people_store.tidy()
    assert world.count("enrolments") == 0
    assert world.row("SELECT count(encoding) AS n FROM selfie.selfies").n == 0
    world.sweep()
    assert not world.files()


def test_with_another_event_left_the_faces_are_kept(world: World) -> None:
    event, user, mia = look_for_mia(world)
    other = world.event()
    world.publish(ChangeKind.JOINED, event_id=other, user_id=user)
    world.follower.catch_up()
    leave_as_previous_version(world, user, event)
    world.people_store.tidy()
    assert sent(world, other)[mia] == MIA
    assert world.state(user, mia).active_count == 1


@pytest.mark.parametrize("is_last", [True, False])
def test_a_deleted_person_of_an_account_that_leaves_is_purged(world: World, is_last: bool) -> None:
    """The matcher forgets members who leave on its own, and then has no member to forget."""
    event, user, _ = delete_mia(world)
    world.publish(ChangeKind.LEFT, event_id=event, user_id=user, last_membership=is_last)
    world.follower.catch_up()
    world.people_store.tidy()
    assert world.count("people") == 1
