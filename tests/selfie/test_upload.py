"""Uploading, reading and deleting selfies."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import grpc
import pytest
from sqlalchemy import Connection, event

from kit.errors import DatabaseUnavailable
from kit.rpc.identity import USER, Signer
from protos.selfie.v1 import selfie_pb2
from selfie_service.domain import ChangeKind, NewSelfie
from selfie_service.servicer import SelfieServicer
from selfie_service.store import SelfieStore
from tests.harness.calls import RpcFault, bearer, raises_fault, read_fault
from tests.harness.databases import lose_commits
from tests.selfie.world import MakeWorld, World, image_of, invalid, valid

INVALID = grpc.StatusCode.INVALID_ARGUMENT
MAX_BYTES = 15_000_000


def send(world: World, user_id: UUID, image: bytes) -> None:
    world.stub.UploadSelfie(selfie_pb2.UploadSelfieRequest(image=image), metadata=world.as_user(user_id))


def test_every_rpc_except_the_hints_is_only_for_users() -> None:
    methods = selfie_pb2.DESCRIPTOR.services_by_name["SelfieService"].methods
    assert {method.name: set(getattr(SelfieServicer, method.name).access.kinds) for method in methods} == {
        method.name: {"service:gateway"} if method.name == "WatchSelfies" else {USER} for method in methods
    }


def test_an_upload_requires_a_token(world: World) -> None:
    with raises_fault(grpc.StatusCode.UNAUTHENTICATED, "INVALID_TOKEN"):
        world.stub.UploadSelfie(selfie_pb2.UploadSelfieRequest(image=image_of("a")))


def test_a_service_cannot_upload(world: World, signer: Callable[[str], Signer]) -> None:
    with raises_fault(grpc.StatusCode.PERMISSION_DENIED, "CALLER_NOT_ALLOWED"):
        world.stub.UploadSelfie(
            selfie_pb2.UploadSelfieRequest(image=image_of("a")), metadata=bearer(signer("matcher").sign_service())
        )


def test_an_accepted_selfie_is_stored_as_pending(world: World, guest: UUID) -> None:
    selfie_id = world.upload(guest, "me")
    row = world.selfie(selfie_id)
    assert (row.state, world.image(row), row.content_type) == ("pending", image_of("me"), "image/jpeg")
    state = world.state(guest)
    assert (state.selfie_id, state.selfie_state) == (str(selfie_id), selfie_pb2.SELFIE_STATE_PENDING)
    assert state.HasField("start_time")
    assert not state.HasField("finish_time")


def test_an_upload_takes_one_round_trip_to_the_database(world: World, guest: UUID) -> None:
    world.upload(guest)
    sent: list[tuple[str, bool]] = []

    def note(connection: Connection, _: object, statement: str, *__: object) -> None:
        dbapi_connection = connection.connection.dbapi_connection
        sent.append((statement.partition("(")[0], bool(getattr(dbapi_connection, "autocommit", False))))

    event.listen(world.db, "before_cursor_execute", note)
    world.upload(guest)
    event.remove(world.db, "before_cursor_execute", note)
    assert sent == [("SELECT outcome, selfie_id FROM selfie.add_selfie_of", True)]


class HastySelfies(SelfieStore):
    """A broken twin: answers before it knows whether the commit succeeded."""

    def add_selfie(self, selfie: NewSelfie) -> UUID:
        with suppress(DatabaseUnavailable):
            super().add_selfie(selfie)
        return selfie.id


def is_accepted_and_lost(world: World) -> bool:
    """Whether a selfie is accepted although the database is lost at the commit."""
    guest = world.guest(world.event())
    lose_commits(world.db, "selfie.selfies")
    accepted = False
    with suppress(grpc.RpcError):
        accepted = bool(world.upload(guest))
    assert world.count("selfies") == 0
    return accepted


def test_no_selfie_is_accepted_before_its_commit(world: World) -> None:
    assert not is_accepted_and_lost(world)


def test_control_if_accepted_before_its_commit_a_selfie_is_lost(make_world: MakeWorld) -> None:
    assert is_accepted_and_lost(make_world(selfie_store=HastySelfies))


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        (b"", "EMPTY_IMAGE"),
        (image_of("") + bytes(MAX_BYTES - 3), "TOO_LARGE"),
        (b"GIF89a and more", "UNSUPPORTED_TYPE"),
    ],
)
def test_an_upload_that_cannot_be_a_selfie_is_rejected_without_decoding(
    world: World, guest: UUID, image: bytes, reason: str
) -> None:
    with raises_fault(INVALID, reason):
        send(world, guest, image)
    assert world.count("selfies") == 0


def test_fifteen_megabytes_are_accepted(world: World, guest: UUID) -> None:
    send(world, guest, image_of("") + bytes(MAX_BYTES - 4))
    assert world.count("selfies") == 1


def fills_the_queue(world: World) -> bool:
    """Whether a third selfie is rejected, and accepted after one of the two has been examined."""
    guests = [world.guest(world.event()) for _ in range(3)]
    for guest in guests[:2]:
        world.upload(guest)
    try:
        world.upload(guests[2])
    except grpc.RpcError as error:
        refusal = RpcFault()
        read_fault(error, refusal)
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "QUEUE_FULL")
        world.validate(valid())
        world.upload(guests[2])
        return True
    return False


def test_the_number_of_waiting_selfies_is_limited(make_world: MakeWorld) -> None:
    assert fills_the_queue(make_world(selfie_store=lambda db: SelfieStore(db, 2)))


def test_control_with_a_high_limit_none_is_rejected(make_world: MakeWorld) -> None:
    assert not fills_the_queue(make_world(selfie_store=SelfieStore))


def test_a_newer_upload_supersedes_and_empties_the_pending_one(world: World, guest: UUID) -> None:
    first, second = world.upload(guest, "first"), world.upload(guest, "second")
    old, new = world.selfie(first), world.selfie(second)
    assert (old.state, old.image_key, new.state) == ("superseded", None, "pending")
    assert old.revision < new.revision


def test_of_twenty_concurrent_uploads_the_last_stays_pending_and_the_rest_are_superseded(
    world: World, guest: UUID
) -> None:
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda number: world.upload(guest, f"selfie {number}"), range(20)))
    rows = world.row(
        "SELECT array_agg(state ORDER BY revision) AS states, count(image_key) AS images FROM selfie.selfies"
    )
    assert (rows.states, rows.images) == (["superseded"] * 19 + ["pending"], 1)


def test_without_a_verdict_the_pending_selfie_is_returned(world: World, guest: UUID) -> None:
    selfie_id = world.upload(guest, "me")
    answer = world.get(guest)
    assert answer.selfie_id == str(selfie_id)
    assert (answer.state, answer.image) == (selfie_pb2.SELFIE_STATE_PENDING, image_of("me"))


def test_an_active_selfie_is_returned_rather_than_a_pending_one(world: World, guest: UUID) -> None:
    selfie_id = world.enter(guest)
    world.upload(guest, "newer")
    answer = world.get(guest)
    assert (answer.selfie_id, answer.state) == (str(selfie_id), selfie_pb2.SELFIE_STATE_ACTIVE)


def test_another_guests_selfie_cannot_be_read(world: World, guest: UUID) -> None:
    world.enter(guest)
    with raises_fault(grpc.StatusCode.NOT_FOUND, "NO_ACTIVE_SELFIE"):
        world.get(world.guest(world.event()))


def test_deleting_empties_every_selfie(world: World, guest: UUID) -> None:
    first = world.enter(guest)
    second = world.upload(guest, "newer")
    world.delete(guest)
    for selfie_id in (first, second):
        row = world.selfie(selfie_id)
        assert (row.state, row.image_key, row.encoding) == ("deleted", None, None)
    assert world.state(guest).selfie_state == selfie_pb2.SELFIE_STATE_UNSPECIFIED
    with raises_fault(grpc.StatusCode.NOT_FOUND, "NO_ACTIVE_SELFIE"):
        world.get(guest)


def test_deleting_also_clears_the_newest_rejection(world: World, guest: UUID) -> None:
    world.enter(guest)
    world.upload(guest, "wall")
    world.validate(invalid("no_face"))
    world.delete(guest)
    assert world.state(guest).selfie_state == selfie_pb2.SELFIE_STATE_UNSPECIFIED


def test_deleting_without_a_selfie_succeeds(world: World, guest: UUID) -> None:
    world.delete(guest)
    world.delete(uuid4())
    assert world.count("selfies") == 0


def test_a_guest_with_only_closed_events_cannot_upload(world: World) -> None:
    past = datetime.now(UTC) - timedelta(minutes=1)
    guest = world.guest(world.event(closed=True), world.event(expires_at=past))
    with raises_fault(grpc.StatusCode.FAILED_PRECONDITION, "EVENT_CLOSED"):
        world.upload(guest)
    assert world.count("selfies") == 0


def test_one_open_event_is_enough(world: World) -> None:
    future = datetime.now(UTC) + timedelta(minutes=1)
    world.upload(world.guest(world.event(closed=True), world.event(expires_at=future)))
    assert world.count("selfies") == 1


def test_a_guest_without_events_can_upload(world: World) -> None:
    world.upload(uuid4())
    assert world.count("selfies") == 1


def test_a_new_member_of_only_a_closed_event_is_rejected(world: World) -> None:
    guest = uuid4()
    world.publish(ChangeKind.JOINED, event_id=world.event(closed=True), user_id=guest)
    with raises_fault(grpc.StatusCode.FAILED_PRECONDITION, "EVENT_CLOSED"):
        world.upload(guest)


def test_a_new_member_of_another_open_event_is_accepted(world: World) -> None:
    guest = world.guest(world.event(closed=True))
    world.publish(ChangeKind.JOINED, event_id=world.event(), user_id=guest)
    world.upload(guest)
    assert world.count("selfies") == 1


def test_a_guest_erased_a_moment_ago_is_rejected(world: World) -> None:
    guest = uuid4()
    world.publish(ChangeKind.USER_ERASED, user_id=guest)
    with raises_fault(grpc.StatusCode.NOT_FOUND, "USER_NOT_FOUND"):
        world.upload(guest)


def test_an_unknown_guest_is_unavailable_while_the_feed_is_down(world: World) -> None:
    world.feed.unavailable = True
    with raises_fault(grpc.StatusCode.UNAVAILABLE, "SERVICE_UNAVAILABLE"):
        world.upload(uuid4())


def test_a_known_guest_can_upload_while_the_feed_is_down(world: World, guest: UUID) -> None:
    world.feed.unavailable = True
    world.upload(guest)
    world.validate(valid())
    assert world.state(guest).selfie_state == selfie_pb2.SELFIE_STATE_ACTIVE
