"""Removed guests cannot rejoin; guests without credentials are signed out after their last event."""

import grpc
import pytest

from auth_service.store import members
from protos.auth.v1 import auth_pb2 as pb
from tests.auth.scene import PASSWORD, AuthScene, Person
from tests.harness.calls import raises_fault

JOINED, LEFT = pb.Change.KIND_JOINED, pb.Change.KIND_LEFT

Party = tuple[pb.Event, Person]


@pytest.fixture
def party(scene: AuthScene) -> Party:
    """An event without admission, and its organiser."""
    olga = scene.organiser("olga")
    return scene.event(olga), olga


def join(scene: AuthScene, event: pb.Event, person: Person) -> pb.JoinEventResponse:
    request = pb.JoinEventRequest(event_code=event.event_code)
    answer: pb.JoinEventResponse = scene.stub.JoinEvent(request, metadata=person.metadata)
    return answer


def leave(scene: AuthScene, event: pb.Event, person: Person) -> pb.LeaveEventResponse:
    request = pb.LeaveEventRequest(event_id=event.event_id)
    answer: pb.LeaveEventResponse = scene.stub.LeaveEvent(request, metadata=person.metadata)
    return answer


def refresh(scene: AuthScene, person: Person) -> None:
    assert person.tokens is not None
    scene.stub.RefreshToken(pb.RefreshTokenRequest(refresh_token=person.tokens.refresh_token))


def test_a_removed_guest_cannot_return_and_the_code_changes(scene: AuthScene, party: Party) -> None:
    event, olga = party
    gina = scene.guest(event, "gina")
    before = scene.last_change()
    scene.remove(event, gina, olga)
    changed = scene.get_event(event, olga)
    assert (changed.admission, changed.guest_count) == (True, 1)
    assert changed.event_code != event.event_code
    assert [(change.kind, change.user_id) for change in scene.changes(before)] == [
        (LEFT, gina.user_id),
        (pb.Change.KIND_EVENT_UPDATED, ""),
    ]
    with raises_fault(grpc.StatusCode.NOT_FOUND, "INVALID_EVENT_CODE"):
        join(scene, event, gina)
    for is_on in (True, False):
        scene.admission(event, olga, is_on)
        with raises_fault(grpc.StatusCode.PERMISSION_DENIED, "REMOVED_FROM_EVENT"):
            join(scene, changed, gina)
    assert scene.memberships(gina) == []
    assert scene.kinds_about(gina) == [JOINED, LEFT]


def test_control_a_removal_that_is_not_stored_lets_them_rejoin(
    scene: AuthScene, party: Party, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(members, "_is_removed", lambda *_: False)
    event, olga = party
    gina = scene.guest(event, "gina")
    scene.remove(event, gina, olga)
    scene.admission(event, olga, is_on=False)
    assert not join(scene, scene.get_event(event, olga), gina).waiting


def test_a_second_removal_changes_nothing(scene: AuthScene, party: Party) -> None:
    event, olga = party
    gina = scene.guest(event, "gina")
    scene.remove(event, gina, olga)
    changed, before = scene.get_event(event, olga), scene.last_change()
    scene.remove(event, gina, olga)
    scene.remove(event, scene.stranger(), olga)
    assert (scene.get_event(event, olga), scene.last_change()) == (changed, before)


def test_a_guest_who_left_can_rejoin(scene: AuthScene, party: Party) -> None:
    event, olga = party
    gina = scene.guest(event, "gina")
    leave(scene, event, gina)
    assert scene.get_event(event, olga) == event
    assert join(scene, event, gina).event_id == event.event_id


def test_rejecting_a_waiting_guest_keeps_the_code(scene: AuthScene, party: Party) -> None:
    event, olga = party
    scene.admission(event, olga)
    gina = scene.guest(event, "gina")
    scene.admission(event, olga, is_on=False)
    scene.remove(event, gina, olga)
    changed = scene.get_event(event, olga)
    assert (changed.admission, changed.event_code) == (True, event.event_code), (
        "a new code would not stop them from rejoining as a new guest"
    )
    with raises_fault(grpc.StatusCode.PERMISSION_DENIED, "REMOVED_FROM_EVENT"):
        join(scene, event, gina)
    assert scene.kinds_about(gina) == [LEFT]


def test_an_organiser_can_readmit_a_removed_guest(scene: AuthScene, party: Party) -> None:
    event, olga = party
    gina, greg = scene.guest(event, "gina"), scene.visitor(event)
    for guest in (gina, greg):
        scene.remove(event, guest, olga)
        for _ in range(2):
            scene.admit(event, guest, olga)
        assert scene.kinds_about(guest) == [JOINED, LEFT, JOINED]
    assert scene.get_event(event, olga).guest_count == 3
    assert scene.sql("SELECT FROM auth.removals") == []
    # A guest without a password was signed out and returns by a sign-in link.
    request = pb.CreateSignInLinkRequest(event_id=event.event_id, user_id=greg.user_id)
    token = scene.stub.CreateSignInLink(request, metadata=olga.metadata).token
    assert scene.stub.SignIn(pb.SignInRequest(token=token)).event_id == event.event_id


def test_a_removal_applies_only_to_its_event(scene: AuthScene, party: Party) -> None:
    event, olga = party
    other, gina = scene.event(olga, "Another"), scene.guest(event, "gina")
    scene.remove(event, gina, olga)
    assert join(scene, other, gina).event_id == other.event_id


@pytest.mark.parametrize("gone", ["the account", "the event"])
def test_a_removal_is_deleted_with_the_account_or_the_event(scene: AuthScene, party: Party, gone: str) -> None:
    event, olga = party
    gina = scene.guest(event, "gina")
    scene.remove(event, gina, olga)
    assert [(str(row.event_id), str(row.user_id)) for row in scene.sql("SELECT * FROM auth.removals")] == [
        (event.event_id, gina.user_id)
    ]
    if gone == "the account":
        scene.stub.DeleteUser(pb.DeleteUserRequest(), metadata=gina.metadata)
    else:
        scene.stub.DeleteEvent(pb.DeleteEventRequest(event_id=event.event_id), metadata=olga.metadata)
    assert scene.sql("SELECT FROM auth.removals") == []


@pytest.mark.parametrize("how", [leave, "removed"])
def test_leaving_the_last_event_signs_out_a_guest_without_credentials(
    scene: AuthScene, party: Party, how: object
) -> None:
    event, olga = party
    gina = scene.visitor(event)
    token = scene.stub.CreateSignInLink(pb.CreateSignInLinkRequest(), metadata=gina.metadata).token
    answer = leave(scene, event, gina) if how is leave else scene.remove(event, gina, olga)
    assert answer.signed_out
    with raises_fault(grpc.StatusCode.UNAUTHENTICATED, "INVALID_REFRESH_TOKEN"):
        refresh(scene, gina)
    with raises_fault(grpc.StatusCode.UNAUTHENTICATED, "INVALID_SIGN_IN_LINK"):
        scene.stub.SignIn(pb.SignInRequest(token=token))


@pytest.mark.parametrize("how", [leave, "removed"])
@pytest.mark.parametrize("why", ["a password", "another event", "another event in which they wait"])
def test_other_guests_stay_signed_in(scene: AuthScene, party: Party, how: object, why: str) -> None:
    event, olga = party
    gina = scene.visitor(event)
    if why == "a password":
        form = pb.SetCredentialsRequest(username="gina", email="gina@example.org", password=PASSWORD)
        scene.stub.SetCredentials(form, metadata=gina.metadata)
    else:
        join(scene, scene.event(olga, "Another", admission="wait" in why), gina)
    answer = leave(scene, event, gina) if how is leave else scene.remove(event, gina, olga)
    assert not answer.signed_out
    refresh(scene, gina)


def test_a_generated_code_in_use_is_replaced(scene: AuthScene, party: Party, monkeypatch: pytest.MonkeyPatch) -> None:
    event, olga = party
    gina, draws = scene.guest(event, "gina"), iter([event.event_code.replace("-", ""), "BBBBBBBB"])
    monkeypatch.setattr("auth_service.service.members.new_code", lambda: next(draws))
    scene.remove(event, gina, olga)
    assert scene.get_event(event, olga).event_code == "BBBB-BBBB"
