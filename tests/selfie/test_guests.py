"""The state of guests' selfies, visible only to the organisers of the event."""

from uuid import UUID, uuid4

import grpc
import pytest
from sqlalchemy import text

from protos.selfie.v1 import selfie_pb2 as pb
from selfie_service.domain import MAX_FAILURES, ChangeKind, RejectReason, Role
from selfie_service.store import RoleStore
from tests.harness.calls import raises_fault
from tests.harness.migrations import downgrade, upgrade
from tests.selfie.world import World, invalid


def list_selfies(world: World, caller: UUID, event: UUID, *users: UUID) -> dict[UUID, str]:
    request = pb.ListSelfieStatesRequest(event_id=str(event), user_ids=map(str, users))
    answer = world.stub.ListSelfieStates(request, metadata=world.as_user(caller))
    return {UUID(one.user_id): pb.GuestSelfie.Name(one.selfie).removeprefix("GUEST_SELFIE_") for one in answer.selfies}


def test_the_organiser_sees_the_state_of_each_selfie(world: World) -> None:
    event = world.event()
    organiser = world.organiser(event)
    none, checking, rejected, accepted, deleted, broken = (world.guest(event) for _ in range(6))
    for guest in (accepted, deleted):
        world.enter(guest)
    world.delete(deleted)
    world.upload(rejected)
    assert world.validate(invalid(RejectReason.TOO_DARK))
    world.upload(broken)
    for _ in range(MAX_FAILURES):
        job = world.selfies.claim(0)
        assert job
        assert world.selfies.count_failure(job)
    world.upload(checking)
    guests = (none, checking, rejected, accepted, deleted, broken)
    assert list_selfies(world, organiser, event, *guests) == {
        none: "NONE",
        checking: "CHECKING",
        rejected: "REJECTED",
        accepted: "ACCEPTED",
        deleted: "NONE",
        broken: "REJECTED",
    }


def test_a_later_selfie_changes_nothing_while_one_is_accepted(world: World) -> None:
    event = world.event()
    organiser, guest = world.organiser(event), world.guest(event)
    world.enter(guest)
    world.upload(guest, "later")
    assert list_selfies(world, organiser, event, guest) == {guest: "ACCEPTED"}
    assert world.validate(invalid(RejectReason.BLURRED))
    assert list_selfies(world, organiser, event, guest) == {guest: "ACCEPTED"}


def test_non_members_are_omitted(world: World) -> None:
    event, other = world.event(), world.event()
    organiser, guest, stranger = world.organiser(event), world.guest(event), world.guest(other)
    world.enter(stranger)
    world.publish(ChangeKind.LEFT, event_id=event, user_id=guest)
    world.follower.catch_up()
    assert list_selfies(world, organiser, event, guest, stranger, uuid4()) == {}


def test_only_organisers_may_ask(world: World) -> None:
    event, other = world.event(), world.event()
    guest, elsewhere = world.guest(event), world.organiser(other)
    with raises_fault(grpc.StatusCode.PERMISSION_DENIED, "ORGANISER_ONLY"):
        list_selfies(world, guest, event, guest)
    for stranger in (uuid4(), elsewhere):
        with raises_fault(grpc.StatusCode.NOT_FOUND, "EVENT_NOT_FOUND"):
            list_selfies(world, stranger, event, guest)
    organiser = world.organiser(event)
    with raises_fault(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT"):
        list_selfies(world, organiser, event, *(uuid4() for _ in range(201)))


def test_former_organisers_and_organisers_of_a_deleted_event_are_rejected(world: World) -> None:
    event = world.event()
    organiser = world.organiser(event)
    assert list_selfies(world, organiser, event) == {}
    world.publish(ChangeKind.JOINED, event_id=event, user_id=organiser, role=Role.GUEST)
    world.follower.catch_up()
    with raises_fault(grpc.StatusCode.PERMISSION_DENIED, "ORGANISER_ONLY"):
        list_selfies(world, organiser, event)
    second = world.organiser(event)
    world.publish(ChangeKind.EVENT_DELETED, event_id=event)
    world.follower.catch_up()
    with raises_fault(grpc.StatusCode.NOT_FOUND, "EVENT_NOT_FOUND"):
        list_selfies(world, second, event)


def promote(world: World, event: UUID) -> UUID:
    """A member who joined without being searched for, and became an organiser."""
    member = uuid4()
    for role in (Role.GUEST, Role.ORGANISER):
        world.publish(ChangeKind.JOINED, event_id=event, user_id=member, role=role, without_search=True)
    return member


def test_an_organiser_who_is_not_searched_for_sees_the_selfies_of_others(world: World) -> None:
    event = world.event()
    organiser, guest = promote(world, event), world.guest(event)
    assert list_selfies(world, organiser, event, guest, organiser) == {guest: "NONE"}
    assert world.count("enrolments") == 1, "a role does not imply consent"
    world.publish(ChangeKind.JOINED, event_id=event, user_id=organiser, role=Role.GUEST, without_search=True)
    world.follower.catch_up()
    with raises_fault(grpc.StatusCode.PERMISSION_DENIED, "ORGANISER_ONLY"):
        list_selfies(world, organiser, event, guest)
    world.publish(ChangeKind.LEFT, event_id=event, user_id=organiser)
    world.follower.catch_up()
    with raises_fault(grpc.StatusCode.NOT_FOUND, "EVENT_NOT_FOUND"):
        list_selfies(world, organiser, event, guest)


@pytest.mark.parametrize("kind", [ChangeKind.LEFT, ChangeKind.USER_ERASED, ChangeKind.EVENT_DELETED])
def test_members_gone_before_roles_are_read_again_organise_nothing(world: World, kind: ChangeKind) -> None:
    event = world.event()
    organiser = promote(world, event)
    assert list_selfies(world, organiser, event) == {}
    gone = {ChangeKind.USER_ERASED: {"user_id": organiser}, ChangeKind.EVENT_DELETED: {"event_id": event}}
    world.publish(kind, **gone.get(kind, {"event_id": event, "user_id": organiser}))
    world.follower.catch_up()
    world.execute("UPDATE selfie.feed_cursor SET members_sequence = 0")
    world.guests._fetch = lambda place, _: world.auth_feed.fetch(place, 0)[:1]
    with raises_fault(grpc.StatusCode.NOT_FOUND, "EVENT_NOT_FOUND"):
        list_selfies(world, organiser, event)
    assert world.row("SELECT sequence = members_sequence AS same FROM selfie.feed_cursor").same
    assert world.count("members") == 0


class Old:
    """A world whose schema was version 0003 when its members joined."""

    def __init__(self, world: World) -> None:
        self.world = world
        downgrade(world.db, "selfie", "0003")
        self.event = world.event()
        self.organiser, self.former = world.organiser(self.event), world.organiser(self.event)
        self.guest = uuid4()
        world.publish(ChangeKind.JOINED, event_id=self.event, user_id=self.guest)
        world.publish(ChangeKind.JOINED, event_id=self.event, user_id=self.former, role=Role.GUEST)
        self.apply_as_previous_version()

    def apply_as_previous_version(self) -> None:
        """Applies the changes as a process of that version does, even alongside newer processes."""
        with self.world.db.begin() as connection:
            for change in self.world.feed.changes:
                if change.user_id:
                    values = {"event": change.event_id, "user": change.user_id}
                    for statement in (
                        "INSERT INTO selfie.people (person_id, user_id) VALUES (:user, :user) ON CONFLICT DO NOTHING",
                        "INSERT INTO selfie.enrolments (event_id, person_id, user_id, wanted_revision, state)"
                        " VALUES (:event, :user, :user, 0, 'idle') ON CONFLICT DO NOTHING",
                    ):
                        connection.execute(text(statement), values)
            last = {"last": len(self.world.feed.changes)}
            connection.execute(text("UPDATE selfie.feed_cursor SET sequence = :last"), last)

    def upgrade(self) -> None:
        upgrade(self.world.db, "selfie")


@pytest.fixture
def old(world: World) -> Old:
    return Old(world)


def test_roles_of_existing_members_are_read_from_the_feed(old: Old) -> None:
    world, event = old.world, old.event
    old.upgrade()
    assert list_selfies(world, old.organiser, event, old.guest) == {old.guest: "NONE"}
    for member in (old.guest, old.former):
        with raises_fault(grpc.StatusCode.PERMISSION_DENIED, "ORGANISER_ONLY"):
            list_selfies(world, member, event)
    newcomer = world.organiser(event)
    assert list_selfies(world, newcomer, event) == {}
    assert world.row("SELECT sequence = members_sequence AS same FROM selfie.feed_cursor").same


def test_roles_skipped_by_a_process_of_the_previous_version_are_read_later(old: Old) -> None:
    old.upgrade()
    old.world.guests.read_roles()
    late = old.world.organiser(old.event)
    old.apply_as_previous_version()
    old.world.publish(ChangeKind.JOINED, event_id=old.event, user_id=uuid4())
    old.world.follower.catch_up()
    assert list_selfies(old.world, late, old.event) == {}


def test_an_old_change_read_late_does_not_undo_a_newer_one(old: Old) -> None:
    """The reread changes are older than those already applied."""
    old.upgrade()
    old.world.publish(ChangeKind.JOINED, event_id=old.event, user_id=old.organiser, role=Role.GUEST)
    old.world.follower.catch_up()
    before = [change for change in old.world.auth_feed.fetch(0, 0) if change.user_id == old.organiser][:1]
    assert before[0].role is Role.ORGANISER
    store = RoleStore(old.world.db)
    store.read_roles(before)
    assert store.find_role(old.event, old.organiser) is Role.GUEST
