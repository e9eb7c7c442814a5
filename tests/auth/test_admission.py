"""Events with admission: waiting guests, their admission, and the changes sent to other services."""

from collections.abc import Callable
from uuid import uuid4

import grpc
import pytest

from auth_service.store import accounts, members
from protos.auth.v1 import auth_pb2 as pb
from tests.auth.scene import AuthScene, Person, register_form
from tests.harness.calls import bearer, raises_fault
from tests.harness.migrations import downgrade, upgrade

JOINED, LEFT, ERASED = pb.Change.KIND_JOINED, pb.Change.KIND_LEFT, pb.Change.KIND_USER_ERASED

Party = tuple[pb.Event, Person]


@pytest.fixture
def party(scene: AuthScene) -> Party:
    """An event with admission, and its organiser."""
    olga = scene.organiser("olga")
    return scene.event(olga, admission=True), olga


def enter_as_guest(scene: AuthScene, event: pb.Event) -> tuple[Person, bool]:
    answer = scene.stub.CreateGuest(pb.CreateGuestRequest(event_code=event.event_code, consent_version="1"))
    return Person(answer.user_id, "", bearer(answer.tokens.access_token), answer.tokens), answer.waiting


def register(scene: AuthScene, event: pb.Event) -> tuple[Person, bool]:
    answer = scene.stub.Register(register_form(event, "gina"))
    return Person(answer.user_id, "gina", bearer(answer.tokens.access_token), answer.tokens), answer.waiting


def join(scene: AuthScene, event: pb.Event) -> tuple[Person, bool]:
    sven = scene.stranger()
    return sven, scene.stub.JoinEvent(pb.JoinEventRequest(event_code=event.event_code), metadata=sven.metadata).waiting


def list_guests(scene: AuthScene, event: pb.Event, organiser: Person) -> dict[str, bool]:
    """Whether each member of the event is waiting, by user."""
    request = pb.ListGuestsRequest(event_id=event.event_id)
    return {
        guest.user_id: guest.waiting for guest in scene.stub.ListGuests(request, metadata=organiser.metadata).guests
    }


@pytest.mark.parametrize("enter", [enter_as_guest, register, join])
def test_a_guest_waits_until_admitted(
    scene: AuthScene, party: Party, enter: Callable[[AuthScene, pb.Event], tuple[Person, bool]]
) -> None:
    event, olga = party
    assert event.admission
    guest, waiting = enter(scene, event)
    assert waiting
    assert [membership.waiting for membership in scene.memberships(guest)] == [True]
    assert list_guests(scene, event, olga) == {olga.user_id: False, guest.user_id: True}
    assert scene.get_event(event, olga).guest_count == 1
    assert scene.kinds_about(guest) == [], "no service treats them as a member"
    change = scene.changes()[-1]
    assert (change.kind, change.event_id, change.user_id) == (pb.Change.KIND_WAITING, event.event_id, "")
    assert scene.get_event(event, olga).waiting_count == 1
    for _ in range(2):
        scene.admit(event, guest, olga)
    assert [membership.waiting for membership in scene.memberships(guest)] == [False]
    assert list_guests(scene, event, olga) == {olga.user_id: False, guest.user_id: False}
    assert (scene.get_event(event, olga).guest_count, scene.get_event(event, olga).waiting_count) == (2, 0)
    assert scene.kinds_about(guest) == [JOINED]
    assert scene.changes()[-1].role == pb.ROLE_GUEST


def test_control_a_join_published_immediately_reveals_a_waiting_guest(
    scene: AuthScene, party: Party, monkeypatch: pytest.MonkeyPatch
) -> None:
    def add_and_say_so(connection, event_id, user_id, role, waiting, searched):  # type: ignore[no-untyped-def]
        add(connection, event_id, user_id, role, waiting, searched)
        if waiting:
            members.append_joined(connection, event_id, user_id, role, searched)

    add = members.add_member
    monkeypatch.setattr(accounts, "add_member", add_and_say_so)
    guest, waiting = enter_as_guest(scene, party[0])
    assert (waiting, scene.kinds_about(guest)) == (True, [JOINED])


def test_without_admission_guests_join_immediately(scene: AuthScene) -> None:
    event = scene.event(olga := scene.organiser())
    assert not event.admission
    guest, waiting = enter_as_guest(scene, event)
    assert (waiting, scene.kinds_about(guest)) == (False, [JOINED])
    scene.admission(event, olga)
    assert [membership.waiting for membership in scene.memberships(guest)] == [False], "a guest stays admitted"


def test_switching_admission_off_admits_no_waiting_guest(scene: AuthScene, party: Party) -> None:
    event, olga = party
    waits, _ = enter_as_guest(scene, event)
    scene.admission(event, olga, is_on=False)
    later, waiting = join(scene, event)
    assert not waiting
    again = scene.stub.JoinEvent(pb.JoinEventRequest(event_code=event.event_code), metadata=waits.metadata)
    assert again.waiting, "joining again does not admit them either"
    assert (scene.kinds_about(waits), scene.kinds_about(later)) == ([], [JOINED])


def test_a_repeated_creation_reports_that_the_guest_is_waiting(scene: AuthScene, party: Party) -> None:
    request = pb.CreateGuestRequest(event_code=party[0].event_code, request_id=str(uuid4()))
    answers = [scene.stub.CreateGuest(request) for _ in range(2)]
    assert [answer.waiting for answer in answers] == [True, True]
    assert len({answer.user_id for answer in answers}) == 1
    form = register_form(party[0], "ben")
    assert [scene.stub.Register(form).waiting for _ in range(2)] == [True, True]


def test_a_waiting_guest_can_consent_leave_and_be_erased(scene: AuthScene, party: Party) -> None:
    event, olga = party
    gina, greg = enter_as_guest(scene, event)[0], enter_as_guest(scene, event)[0]
    consent = pb.RecordConsentRequest(event_id=event.event_id, consent_version="2")
    scene.stub.RecordConsent(consent, metadata=gina.metadata)
    assert scene.memberships(gina)[0].consent_version == "2"
    scene.stub.LeaveEvent(pb.LeaveEventRequest(event_id=event.event_id), metadata=gina.metadata)
    scene.stub.DeleteUser(pb.DeleteUserRequest(), metadata=greg.metadata)
    assert list_guests(scene, event, olga) == {olga.user_id: False}
    assert (scene.kinds_about(gina), scene.kinds_about(greg)) == ([LEFT], [ERASED])
    assert scene.get_event(event, olga).guest_count == 1, "they were never counted"


def test_a_waiting_guest_cannot_read_the_event(scene: AuthScene, party: Party) -> None:
    event, _ = party
    gina = enter_as_guest(scene, event)[0]
    for rpc, request in (
        ("GetEvent", pb.GetEventRequest(event_id=event.event_id)),
        ("ListGuests", pb.ListGuestsRequest(event_id=event.event_id)),
        ("AdmitGuest", pb.AdmitGuestRequest(event_id=event.event_id, user_id=gina.user_id)),
    ):
        with raises_fault(grpc.StatusCode.PERMISSION_DENIED, "ORGANISER_ONLY"):
            getattr(scene.stub, rpc)(request, metadata=gina.metadata)
    assert scene.memberships(gina)[0].waiting


def test_an_organiser_can_create_a_sign_in_link_for_a_waiting_guest(scene: AuthScene, party: Party) -> None:
    event, olga = party
    gina = enter_as_guest(scene, event)[0]
    request = pb.CreateSignInLinkRequest(event_id=event.event_id, user_id=gina.user_id)
    token = scene.stub.CreateSignInLink(request, metadata=olga.metadata).token
    assert scene.stub.SignIn(pb.SignInRequest(token=token)).user_id == gina.user_id


def test_admitting_a_user_who_never_joined_fails(scene: AuthScene, party: Party) -> None:
    event, olga = party
    for stranger in (scene.stranger(), Person(str(uuid4()), "", olga.metadata)):
        with raises_fault(grpc.StatusCode.NOT_FOUND, "USER_NOT_FOUND"):
            scene.admit(event, stranger, olga)


@pytest.mark.parametrize("shut", ["closed = true", "expires_at = now()"])
def test_a_shut_event_admits_no_guest(scene: AuthScene, party: Party, shut: str) -> None:
    """It accepts no new face into its search."""
    event, olga = party
    waits = enter_as_guest(scene, event)[0]
    scene.sql(f"UPDATE auth.events SET {shut}")
    with raises_fault(grpc.StatusCode.FAILED_PRECONDITION, "EVENT_CLOSED"):
        scene.admit(event, waits, olga)
    assert scene.kinds_about(waits) == []
    scene.sql("UPDATE auth.events SET closed = false, expires_at = NULL")
    scene.admit(event, waits, olga)
    scene.sql(f"UPDATE auth.events SET {shut}")
    scene.admit(event, waits, olga)
    assert scene.kinds_about(waits) == [JOINED]


def test_repairing_a_guest_count_ignores_waiting_guests(scene: AuthScene, party: Party) -> None:
    event, olga = party
    enter_as_guest(scene, event)
    scene.sql("UPDATE auth.events SET member_count = 7")
    scene.auth.tidy()
    assert scene.get_event(event, olga).guest_count == 1


def test_the_gateway_lists_the_members_of_an_event_in_pages(scene: AuthScene, party: Party) -> None:
    event, olga = party
    expected = [olga.user_id, *(enter_as_guest(scene, event)[0].user_id for _ in range(4))]
    found, token = [], ""
    while True:
        request = pb.ListMemberIdsRequest(event_id=event.event_id, page_size=2, page_token=token)
        answer = scene.stub.ListMemberIds(request, metadata=scene.as_service("gateway"))
        found += answer.user_ids
        if not (token := answer.next_page_token):
            break
    assert found == expected
    nothing = pb.ListMemberIdsRequest(event_id=str(uuid4()))
    assert not scene.stub.ListMemberIds(nothing, metadata=scene.as_service("gateway")).user_ids
    with raises_fault(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_PAGE"):
        scene.stub.ListMemberIds(
            pb.ListMemberIdsRequest(event_id=event.event_id, page_token="x"), metadata=scene.as_service("gateway")
        )


def test_events_and_members_of_the_previous_version_are_unchanged(scene: AuthScene) -> None:
    downgrade(scene.db, "auth", "0003")
    users, event = {"olga": uuid4(), "gina": uuid4()}, uuid4()
    for name, user_id in users.items():
        scene.sql(
            "INSERT INTO auth.users (id, username, username_key, email, email_key, password_hash, organiser)"
            " VALUES (:id, :name, :name, :name, :name, 'x', :organiser)",
            id=user_id,
            name=name,
            organiser=name == "olga",
        )
    scene.sql("INSERT INTO auth.events (id, name, code, member_count) VALUES (:id, 'Old', 'ABCDEFGH', 2)", id=event)
    for name, user_id in users.items():
        scene.sql(
            "INSERT INTO auth.memberships (event_id, user_id, role) VALUES (:event, :user, :role)",
            event=event,
            user=user_id,
            role="organiser" if name == "olga" else "guest",
        )
    scene.sql(
        "INSERT INTO auth.changes (sequence, kind, event_id, name, closed)"
        " VALUES (1, 'event_updated', :id, 'Old', false)",
        id=event,
    )
    upgrade(scene.db, "auth")
    olga, gina = (Person(str(users[name]), name, scene.as_user(str(users[name]))) for name in ("olga", "gina"))
    old = scene.get_event(pb.Event(event_id=str(event)), olga)
    assert (old.admission, old.guest_count) == (False, 2)
    assert old.guest_photos == pb.GUEST_PHOTOS_OFF
    (change,) = scene.changes()
    assert (change.name, change.guest_photos) == ("Old", pb.GUEST_PHOTOS_UNSPECIFIED)
    assert list_guests(scene, old, olga) == {olga.user_id: False, gina.user_id: False}
    assert [membership.waiting for membership in scene.memberships(gina)] == [False]
    # A process of the previous version can still run alongside this one and write this.
    scene.sql("INSERT INTO auth.events (id, name, code) VALUES (:id, 'Newer', 'ABCDEFGJ')", id=uuid4())
    assert scene.sql("SELECT admission FROM auth.events") == [(False,), (False,)]
