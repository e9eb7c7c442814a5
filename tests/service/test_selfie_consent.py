"""No face is compared in an event without consent, and a selfie ends with its guest's last event."""

from uuid import UUID

import grpc
import pytest

from protos.selfie.v1 import selfie_pb2 as pb
from selfie_service.domain import ChangeKind
from selfie_service.store import OldSelfieStore, changes, erasing
from tests.service import selfie_fixtures
from tests.service.calls import refused
from tests.service.selfie_world import World, valid
from tests.service.test_selfie_closed import face, sent, update

make_world = selfie_fixtures.make_world
world = selfie_fixtures.world


def join(world: World, guest: UUID, event: UUID, without_search: bool = False) -> None:
    world.tell(ChangeKind.JOINED, event_id=event, user_id=guest, without_search=without_search)
    world.follower.catch_up()


def leave(world: World, guest: UUID, event: UUID, is_last: bool = True) -> None:
    world.tell(ChangeKind.LEFT, event_id=event, user_id=guest, last_membership=is_last)
    world.follower.catch_up()


def search_without_consent(world: World) -> list[bytes]:
    """The faces sent for an event whose guest brings a selfie from another, takes a new one there and asks again."""
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


def test_control_enrolling_all_members_compares_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "_is_searched", lambda change: True)
    assert search_without_consent(world) != []


def test_with_the_consent_the_active_selfie_is_compared_and_only_once(world: World) -> None:
    first, second = world.event(), world.event()
    guest = world.guest(first)
    world.enter(guest, 1)
    join(world, guest, second, without_search=True)
    assert {told.event_id for told in world.state(guest).events} == {str(first)}
    for _ in range(2):
        join(world, guest, second)
        world.rematch()
    assert sent(world, second) == [face(1)]
    assert {told.state for told in world.state(guest).events} == {pb.REMATCH_STATE_DONE}


def test_who_is_searched_nowhere_may_send_a_selfie_before_the_consent_arrives(world: World) -> None:
    event = world.event()
    guest = world.guest()
    join(world, guest, event, without_search=True)
    world.enter(guest, 1)
    world.rematch()
    assert sent(world, event) == []
    join(world, guest, event)
    world.rematch()
    assert sent(world, event) == [face(1)]


def test_a_consent_for_an_event_that_has_ended_waits_until_it_opens_again(world: World) -> None:
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
    world.tell(ChangeKind.EVENT_DELETED, event_id=other)
    leave(world, guest, other)
    world.sweep()
    assert world.count("bindings") == 1, "the day's count stays"
    assert world.row("SELECT revision FROM selfie.people").revision > revision
    return bool(world.files() or world.row("SELECT bound_encoding FROM selfie.people").bound_encoding)


def test_the_selfie_ends_with_the_last_event(world: World) -> None:
    assert not has_selfie_after_the_last_event(world)
    (guest,) = world.row("SELECT array_agg(user_id) AS users FROM selfie.people").users
    with refused(grpc.StatusCode.NOT_FOUND, "NO_ACTIVE_SELFIE"):
        world.get(guest)
    assert world.row("SELECT count(*) AS n FROM selfie.selfies WHERE state <> 'deleted'").n == 0
    assert world.state(guest).selfie_state == pb.SELFIE_STATE_UNSPECIFIED


def test_control_a_feed_that_does_not_say_which_was_the_last_keeps_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "_is_last", lambda change: False)
    assert has_selfie_after_the_last_event(world)


def test_a_verdict_after_the_last_event_writes_nothing_and_who_comes_back_takes_a_new_selfie(world: World) -> None:
    event = world.event()
    guest = world.guest(event)
    world.upload(guest)
    job = world.selfies.claim(30)
    assert job
    leave(world, guest, event)
    assert not world.selfies.accept(job, face(1), world.judge).in_time
    join(world, guest, event)
    world.rematch()
    assert face(1) not in sent(world, event)
    world.enter(guest, 2)
    world.rematch()
    assert sent(world, event)[-1] == face(2), "any face: the binding went with the selfie"


def test_accounts_that_were_in_no_event_before_keep_their_selfie_for_thirty_days(world: World) -> None:
    gone, back, newer = (world.guest() for _ in range(3))
    for guest in (gone, back, newer):
        world.upload(guest, str(guest))
        world.validate(valid(1))
    world.execute("UPDATE selfie.people SET without_events_since = now() - interval '29 days'")
    world.execute("UPDATE selfie.selfies SET created_at = now() - interval '40 days'")
    join(world, back, world.event())
    old = OldSelfieStore(world.db)
    assert not old.erase_old()
    assert [bool(world.get(guest).image) for guest in (gone, back, newer)] == [True] * 3
    world.execute("UPDATE selfie.people SET without_events_since = without_events_since - interval '2 days'")
    world.upload(newer, "newer")
    assert not old.erase_old()
    with refused(grpc.StatusCode.NOT_FOUND, "NO_ACTIVE_SELFIE"):
        world.get(gone)
    assert [bool(world.get(guest).image) for guest in (back, newer)] == [True] * 2
    assert world.row("SELECT count(without_events_since) AS n FROM selfie.people").n == 0
    assert erasing.KEPT_DAYS == 30
