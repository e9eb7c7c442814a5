"""WatchSelfies: a hint names the guest whose selfie changes, and no one else, once the change is committed."""

from collections.abc import Callable, Iterator
from uuid import UUID, uuid4

import grpc
import pytest

from kit.rpc.identity import Signer
from protos.selfie.v1 import selfie_pb2 as pb
from selfie_service.domain import MAX_FAILURES, RejectReason
from selfie_service.store.hints import HINTS_CHANNEL
from tests.harness.calls import as_user, bearer, raises_fault
from tests.harness.watching import Watch, listening, notify
from tests.selfie.scripted import FAILED, answer_with
from tests.selfie.world import World, invalid, valid

MARK = str(uuid4())


@pytest.fixture
def watch(world: World, signer: Callable[[str], Signer]) -> Iterator[Watch]:
    with listening(world.hints):
        yield Watch(
            world.stub.WatchSelfies,
            pb.WatchSelfiesRequest(),
            bearer(signer("gateway").sign_service()),
            lambda: notify(world.db, HINTS_CHANNEL, MARK),
            lambda heard: list(heard.user_ids) == [MARK],
        )


@pytest.fixture
def guest(world: World) -> UUID:
    """A guest of one event, and another guest who does nothing."""
    event = world.event()
    world.guest(event)
    return world.guest(event)


def heard(watch: Watch) -> set[UUID]:
    return {UUID(user_id) for hint in watch.heard() for user_id in hint.user_ids}


def test_an_upload_notifies_the_guests_other_pages(world: World, watch: Watch, guest: UUID) -> None:
    world.upload(guest)
    assert heard(watch) == {guest}


def test_each_verdict_sends_a_hint(world: World, watch: Watch, guest: UUID) -> None:
    for name, examine in (("good", valid()), ("dark", invalid(RejectReason.TOO_DARK))):
        world.upload(guest, name)
        heard(watch)
        assert world.validate(examine)
        assert heard(watch) == {guest}


def test_giving_up_a_selfie_sends_a_hint(world: World, watch: Watch, guest: UUID) -> None:
    world.upload(guest)
    for _ in range(MAX_FAILURES):
        job = world.selfies.claim(0)
        assert job
        heard(watch)
        assert world.selfies.count_failure(job)
    assert heard(watch) == {guest}
    assert world.state(guest).selfie_state == pb.SELFIE_STATE_ERROR


def test_the_start_and_end_of_a_rematch_send_hints(world: World, watch: Watch, guest: UUID) -> None:
    world.enter(guest)
    heard(watch)
    world.rematch()
    assert heard(watch) == {guest}
    world.start_rematch(guest)
    assert heard(watch) == {guest}
    world.matcher.answer = answer_with(FAILED)
    world.rematch()
    assert heard(watch) == {guest}


def test_a_deletion_sends_a_hint(world: World, watch: Watch, guest: UUID) -> None:
    world.enter(guest)
    heard(watch)
    world.delete(guest)
    assert heard(watch) == {guest}


def test_control_without_a_change_there_is_no_hint(world: World, watch: Watch, guest: UUID) -> None:
    world.state(guest)
    world.delete(uuid4())
    world.guest(world.event())
    assert heard(watch) == set()


def test_only_the_gateway_may_watch(world: World, signer: Callable[[str], Signer], guest: UUID) -> None:
    for caller in (as_user(signer("auth"), guest), bearer(signer("matcher").sign_service())):
        with raises_fault(grpc.StatusCode.PERMISSION_DENIED, "CALLER_NOT_ALLOWED"):
            next(world.stub.WatchSelfies(pb.WatchSelfiesRequest(), metadata=caller))
