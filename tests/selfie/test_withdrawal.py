"""Withdrawing consent deletes every face of the account, and no selfie is accepted before new consent."""

from uuid import UUID

import grpc
import pytest

from protos.selfie.v1 import selfie_pb2 as pb
from selfie_service.domain import ChangeKind
from selfie_service.store import changes
from tests.harness.calls import raises_fault
from tests.selfie.people import ME, MIA, send
from tests.selfie.people import sent as last_sent
from tests.selfie.test_closed import face, sent, update
from tests.selfie.world import MakeWorld, World, valid


def withdraw(world: World, guest: UUID) -> None:
    world.publish(ChangeKind.CONSENT_WITHDRAWN, user_id=guest)
    world.follower.catch_up()


def agree(world: World, guest: UUID, event: UUID) -> None:
    world.publish(ChangeKind.JOINED, event_id=event, user_id=guest)
    world.follower.catch_up()


def test_every_face_of_the_account_is_deleted_immediately(world: World) -> None:
    first, second = world.event(), world.event()
    guest = world.guest(first, second)
    mia = world.add_person(guest)
    send(world, guest, ME)
    send(world, guest, MIA, mia)
    assert last_sent(world, first) == last_sent(world, second) == {str(guest): ME, mia: MIA}
    withdraw(world, guest)
    for event in (first, second):
        assert last_sent(world, event) == {str(guest): b"", mia: b""}, "both are forgotten"
    row = world.row("SELECT count(encoding) AS encodings, count(image_key) AS files FROM selfie.selfies")
    bound = world.row("SELECT count(bound_encoding) AS faces FROM selfie.people")
    assert (row.encodings, row.files, bound.faces) == (0, 0, 0)
    world.sweep()
    assert world.files() == set()
    assert [person.person_id for person in world.list_people(guest).people] == [str(guest)]


def test_a_selfie_in_progress_is_not_accepted_afterwards(world: World, guest: UUID) -> None:
    world.upload(guest)

    def withdraw_meanwhile(image: bytes) -> object:
        withdraw(world, guest)
        return valid(1)(image)

    world.validate(withdraw_meanwhile)  # type: ignore[arg-type]
    assert world.state(guest).selfie_state == pb.SELFIE_STATE_UNSPECIFIED
    assert world.row("SELECT count(encoding) AS encodings FROM selfie.selfies").encodings == 0


def test_no_selfie_is_accepted_before_new_consent(world: World) -> None:
    event = world.event()
    guest = world.guest(event)
    withdraw(world, guest)
    with raises_fault(grpc.StatusCode.FAILED_PRECONDITION, "CONSENT_WITHDRAWN"):
        world.upload(guest)
    assert world.files() == set()
    world.publish(ChangeKind.JOINED, event_id=event, user_id=guest, without_search=True)
    world.follower.catch_up()
    with raises_fault(grpc.StatusCode.FAILED_PRECONDITION, "CONSENT_WITHDRAWN"):
        world.upload(guest)
    world.publish(ChangeKind.JOINED, event_id=event, user_id=guest)  # not applied yet: the upload checks
    world.enter(guest, 2)
    world.rematch()
    assert sent(world, event)[-1] == face(2)


def test_control_an_upload_that_ignores_the_withdrawal_is_accepted(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world()
    guest = world.guest(world.event())
    monkeypatch.setattr(changes, "withdraw", lambda *_: None)
    withdraw(world, guest)
    assert world.upload(guest)


def new_selfie_after_agreeing_in_one_event(world: World) -> tuple[UUID, UUID, UUID]:
    """A guest of two events who has withdrawn, consented again in the first one and sent another selfie."""
    first, second = world.event(), world.event()
    guest = world.guest(first, second)
    world.enter(guest, 1)
    world.rematch()
    withdraw(world, guest)
    world.rematch()
    agree(world, guest, first)
    world.enter(guest, 2)
    world.start_rematch(guest)
    world.rematch()
    return guest, first, second


def test_an_event_is_searched_again_only_after_new_consent_there(world: World) -> None:
    guest, first, second = new_selfie_after_agreeing_in_one_event(world)
    assert sent(world, first)[-1] == face(2)
    assert face(2) not in sent(world, second)
    assert {entry.event_id for entry in world.state(guest).events} == {str(first)}
    agree(world, guest, second)
    world.rematch()
    assert sent(world, second)[-1] == face(2)


def test_control_if_enrolments_remain_every_event_is_searched(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "withdraw", lambda *_: None)
    _, _, second = new_selfie_after_agreeing_in_one_event(world)
    assert face(2) in sent(world, second)


def test_new_consent_in_an_ended_event_takes_effect_when_it_reopens(world: World) -> None:
    guest, _, second = new_selfie_after_agreeing_in_one_event(world)
    update(world, second, closed=True)
    agree(world, guest, second)
    world.rematch()
    assert face(2) not in sent(world, second)
    update(world, second, closed=False)
    world.rematch()
    assert sent(world, second)[-1] == face(2)


def test_a_person_added_later_is_searched_where_the_account_is(world: World) -> None:
    guest, first, second = new_selfie_after_agreeing_in_one_event(world)
    mia = world.add_person(guest)
    while world.people_store.tidy():
        pass
    send(world, guest, MIA, mia)
    assert last_sent(world, first)[mia] == MIA
    assert mia not in last_sent(world, second)


def test_withdrawing_consent_of_an_erased_account_restores_nothing(world: World, guest: UUID) -> None:
    world.publish(ChangeKind.USER_ERASED, user_id=guest)
    withdraw(world, guest)
    assert world.count("people") == 0
