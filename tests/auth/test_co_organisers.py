"""Several organisers of one event: leaving, removal, erasure; and the migration of a database without roles."""

from uuid import uuid4

import grpc
import pytest

from protos.auth.v1 import auth_pb2 as pb
from tests.auth.scene import AuthScene, Person
from tests.auth.test_races import at_once
from tests.harness.calls import RpcFault, raises_fault
from tests.harness.migrations import downgrade, upgrade

ORGANISER, COUPLE, PHOTOGRAPHER = pb.ROLE_ORGANISER, pb.ROLE_COUPLE, pb.ROLE_PHOTOGRAPHER

Party = tuple[pb.Event, Person]


@pytest.fixture
def party(scene: AuthScene) -> Party:
    olga = scene.organiser("olga")
    return scene.event(olga), olga


def role_of(scene: AuthScene, person: Person) -> list[int]:
    return [membership.role for membership in scene.memberships(person)]


def test_the_last_organiser_cannot_leave(scene: AuthScene, party: Party) -> None:
    event, olga = party
    otto = scene.member(event, olga, ORGANISER, "otto")
    leave = pb.LeaveEventRequest(event_id=event.event_id)
    scene.stub.LeaveEvent(leave, metadata=otto.metadata)
    assert scene.memberships(otto) == []
    for remove in (leave, pb.LeaveEventRequest(event_id=event.event_id, user_id=olga.user_id)):
        with raises_fault(grpc.StatusCode.FAILED_PRECONDITION, "ORGANISER_CANNOT_LEAVE"):
            scene.stub.LeaveEvent(remove, metadata=olga.metadata)


def test_of_two_organisers_removing_each_other_one_remains(scene: AuthScene) -> None:
    for number in range(6):
        olga = scene.organiser(f"olga{number}")
        event = scene.event(olga)
        otto = scene.member(event, olga, ORGANISER, f"otto{number}")
        at_once(
            lambda event=event, otto=otto, olga=olga: scene.remove(event, otto, olga),
            lambda event=event, otto=otto, olga=olga: scene.remove(event, olga, otto),
        )
        left = scene.sql(
            "SELECT count(*) FROM auth.memberships WHERE event_id = :event AND role = 'organiser'", event=event.event_id
        )
        assert left == [(1,)]


def test_erasing_an_organiser_while_another_accepts_keeps_or_deletes_the_event(scene: AuthScene) -> None:
    for number in range(8):
        olga = scene.organiser(f"olga{number}")
        event = scene.event(olga)
        token, otto = scene.invite(event, olga, ORGANISER), scene.organiser(f"otto{number}")
        _, accepted = at_once(
            lambda olga=olga: scene.stub.DeleteUser(pb.DeleteUserRequest(), metadata=olga.metadata),
            lambda token=token, otto=otto: scene.accept(token, otto),
        )
        if isinstance(accepted, RpcFault):
            assert accepted.reason == "INVALID_INVITATION"
            assert role_of(scene, otto) == []
        else:
            assert role_of(scene, otto) == [ORGANISER], "the event has an organiser, so it stays"


def test_photographers_and_couples_can_leave_and_be_removed(scene: AuthScene, party: Party) -> None:
    event, olga = party
    cleo, phil = scene.member(event, olga, COUPLE, "cleo"), scene.member(event, olga, PHOTOGRAPHER, "phil")
    scene.stub.LeaveEvent(pb.LeaveEventRequest(event_id=event.event_id), metadata=cleo.metadata)
    scene.remove(event, phil, olga)
    assert scene.memberships(cleo) == scene.memberships(phil) == []
    assert scene.get_event(event, olga).guest_count == 1


def test_a_database_of_the_previous_version_keeps_its_members_and_removals(scene: AuthScene) -> None:
    downgrade(scene.db, "auth", "0004")
    users, event = {"olga": uuid4(), "gina": uuid4()}, uuid4()
    for name, user_id in users.items():
        scene.sql(
            "INSERT INTO auth.users (id, username, username_key, email, email_key, password_hash, organiser)"
            " VALUES (:id, :name, :name, :name, :name, 'x', :organiser)",
            id=user_id,
            name=name,
            organiser=name == "olga",
        )
    scene.sql("INSERT INTO auth.events (id, name, code, member_count) VALUES (:id, 'Old', 'ABCDEFGH', 1)", id=event)
    scene.sql(
        "INSERT INTO auth.memberships (event_id, user_id, role) VALUES (:e, :u, 'organiser')", e=event, u=users["olga"]
    )
    scene.sql("INSERT INTO auth.removals (event_id, user_id) VALUES (:e, :u)", e=event, u=users["gina"])
    upgrade(scene.db, "auth")
    olga, gina = (Person(str(users[name]), name, scene.as_user(str(users[name]))) for name in ("olga", "gina"))
    old = scene.get_event(pb.Event(event_id=str(event)), olga)
    assert (old.role, old.guest_count) == (ORGANISER, 1)
    with raises_fault(grpc.StatusCode.PERMISSION_DENIED, "REMOVED_FROM_EVENT"):
        scene.stub.JoinEvent(pb.JoinEventRequest(event_code=old.event_code), metadata=gina.metadata)
    assert scene.accept(scene.invite(old, olga, COUPLE), gina) == COUPLE
    # A process of the previous version can still run alongside this one and write this.
    scene.sql("INSERT INTO auth.removals (event_id, user_id) VALUES (:e, :u)", e=event, u=users["gina"])
