"""Removed guests who try to rejoin as a new guest with the same phone."""

from collections.abc import Callable
from uuid import uuid4

import grpc
import pytest
from sqlalchemy import Engine, text

from protos.auth.v1 import auth_pb2 as pb
from tests.auth.scene import AuthScene, Person, register_form
from tests.auth.test_phones import BEFORE, MARK, join
from tests.harness.calls import raises_fault
from tests.harness.migrations import downgrade, upgrade

DENIED = grpc.StatusCode.PERMISSION_DENIED
OTHER = "fedcba9876543210fedcba9876543210"


def remove(scene: AuthScene, event: pb.Event, organiser: Person, guest: Person) -> pb.Event:
    """Removes a guest; returns the event with its new code."""
    request = pb.LeaveEventRequest(event_id=event.event_id, user_id=guest.user_id)
    scene.stub.LeaveEvent(request, metadata=organiser.metadata)
    found: pb.Event = scene.stub.GetEvent(
        pb.GetEventRequest(event_id=event.event_id), metadata=organiser.metadata
    ).event
    return found


def enter(scene: AuthScene, event: pb.Event, mark: str) -> pb.CreateGuestResponse:
    request = pb.CreateGuestRequest(request_id=str(uuid4()), event_code=event.event_code, phone_mark=mark)
    answer: pb.CreateGuestResponse = scene.stub.CreateGuest(request)
    return answer


def test_the_phone_of_a_removed_guest_cannot_create_another_guest(scene: AuthScene) -> None:
    event = scene.event(olga := scene.organiser())
    renewed = remove(scene, event, olga, join(scene, event))
    with raises_fault(DENIED, "REMOVED_FROM_EVENT"):
        enter(scene, renewed, MARK)
    with raises_fault(DENIED, "REMOVED_FROM_EVENT"):
        scene.stub.Register(register_form(renewed, "mallory", phone_mark=MARK))
    assert scene.sql("SELECT FROM auth.users WHERE username = 'mallory'") == []


def test_the_phone_of_a_rejected_waiting_guest_cannot_create_another_guest(scene: AuthScene) -> None:
    event = scene.event(olga := scene.organiser())
    scene.admission(event, olga)
    waiting = join(scene, event)
    renewed = remove(scene, event, olga, waiting)
    with raises_fault(DENIED, "REMOVED_FROM_EVENT"):
        enter(scene, renewed, MARK)


@pytest.mark.parametrize("mark", [OTHER, ""], ids=["another phone", "no mark"])
def test_control_a_new_guest_with_another_phone_waits(scene: AuthScene, mark: str) -> None:
    event = scene.event(olga := scene.organiser())
    renewed = remove(scene, event, olga, join(scene, event))
    assert enter(scene, renewed, mark).waiting


def test_a_phone_shared_with_other_guests_is_not_blocked(scene: AuthScene) -> None:
    event = scene.event(olga := scene.organiser())
    guest, _ = join(scene, event), join(scene, event)
    renewed = remove(scene, event, olga, guest)
    assert enter(scene, renewed, MARK).waiting


def test_a_phone_is_not_blocked_in_other_events_or_after_readmission(scene: AuthScene) -> None:
    event = scene.event(olga := scene.organiser())
    other = scene.event(olga, "Another")
    guest = join(scene, event)
    renewed = remove(scene, event, olga, guest)
    assert not enter(scene, other, MARK).waiting
    request = pb.AdmitGuestRequest(event_id=event.event_id, user_id=guest.user_id)
    scene.stub.AdmitGuest(request, metadata=olga.metadata)
    assert enter(scene, renewed, MARK).waiting


def test_the_phone_of_a_guest_who_left_is_not_blocked(scene: AuthScene) -> None:
    event = scene.event(scene.organiser())
    guest = join(scene, event)
    scene.stub.LeaveEvent(pb.LeaveEventRequest(event_id=event.event_id), metadata=guest.metadata)
    assert not enter(scene, event, MARK).waiting


def test_removals_of_the_previous_version_have_no_phone_hash(make_db: Callable[[str], Engine]) -> None:
    db = make_db("auth")
    downgrade(db, "auth", "0016")
    ids = {"event": uuid4(), "user": uuid4()}
    removal = "INSERT INTO auth.removals (event_id, user_id) VALUES (:event, :user)"
    with db.begin() as connection:
        for statement in (*BEFORE, removal):
            connection.execute(text(statement), ids)
    upgrade(db, "auth")
    with db.begin() as connection:
        assert connection.execute(text("SELECT phone_hash FROM auth.removals")).scalar_one() is None
