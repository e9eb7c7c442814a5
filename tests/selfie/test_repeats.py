"""Idempotent uploads: repeating a request creates one selfie."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import grpc

from selfie_service.domain import ChangeKind
from selfie_service.store.people import lock_person
from tests.harness.calls import RpcFault, raises_fault, read_fault
from tests.harness.databases import replace_in_function
from tests.selfie.world import World, invalid, wait_until

INVALID = grpc.StatusCode.INVALID_ARGUMENT


def test_a_repeated_request_returns_the_same_selfie(world: World, guest: UUID) -> None:
    request_id = str(uuid4())
    assert world.upload(guest, "me", request_id) == world.upload(guest, "me", request_id)
    assert world.count("selfies") == 1


def test_a_repeated_request_is_answered_after_the_verdict(world: World, guest: UUID) -> None:
    request_id = str(uuid4())
    selfie_id = world.upload(guest, "me", request_id)
    world.validate(invalid("no_face"))
    assert world.upload(guest, "me", request_id) == selfie_id
    assert world.selfie(selfie_id).state == "rejected"


def repeat_in_progress(world: World, guest: UUID) -> tuple[set[UUID], list[str]]:
    """Repeats a request while the first one waits for its guest's lock; the resulting selfies and errors."""
    request_id = str(uuid4())
    answered: list[UUID] = []
    refusals: list[str] = []

    def upload() -> None:
        try:
            answered.append(world.upload(guest, "me", request_id))
        except grpc.RpcError as error:
            refusal = RpcFault()
            read_fault(error, refusal)
            refusals.append(refusal.reason)

    with ThreadPoolExecutor(2) as pool, world.db.begin() as other:
        lock_person(other, guest)
        pool.submit(upload)
        wait_until(lambda: world.count_waiting() == 1)
        pool.submit(upload)
        wait_until(lambda: bool(refusals) or world.count_waiting() == 2)
    upload()
    return set(answered), refusals


def test_a_repeat_of_a_request_in_progress_is_rejected_and_the_next_one_gets_the_answer(
    world: World, guest: UUID
) -> None:
    answers, refusals = repeat_in_progress(world, guest)
    assert (len(answers), refusals) == (1, ["REQUEST_IN_PROGRESS"])
    assert world.count("selfies") == 1


def test_control_without_the_request_lock_a_repeat_waits(world: World, guest: UUID) -> None:
    replace_in_function(
        world.db, "selfie.add_selfie_of", "pg_try_advisory_xact_lock(", "pg_try_advisory_xact_lock_shared("
    )
    answers, refusals = repeat_in_progress(world, guest)
    assert (len(answers), refusals) == (1, [])


def test_uploads_without_a_request_id_are_never_repeats(world: World, guest: UUID) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(lambda _: world.upload(guest), range(8)))) == 8


def test_a_request_id_is_bound_to_its_bytes(world: World, guest: UUID) -> None:
    request_id = str(uuid4())
    world.upload(guest, "me", request_id)
    with raises_fault(INVALID, "IDEMPOTENCY_KEY_REUSED"):
        world.upload(guest, "another person", request_id)


def test_two_guests_may_use_the_same_request_id(world: World, guest: UUID) -> None:
    request_id = str(uuid4())
    assert world.upload(guest, "me", request_id) != world.upload(world.guest(world.event()), "you", request_id)


def test_a_request_id_must_be_a_uuid(world: World, guest: UUID) -> None:
    with raises_fault(INVALID, "INVALID_ARGUMENT"):
        world.upload(guest, request_id="first try")


def test_a_repeated_request_is_answered_after_the_event_closed(world: World) -> None:
    event, request_id = world.event(), str(uuid4())
    guest = world.guest(event)
    selfie_id = world.upload(guest, request_id=request_id)
    world.publish(ChangeKind.EVENT_UPDATED, event_id=event, closed=True)
    world.follower.catch_up()
    assert world.upload(guest, request_id=request_id) == selfie_id
