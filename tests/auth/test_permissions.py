"""Permissions by role for every user RPC on an event."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import grpc
import pytest

from auth_service import permissions
from auth_service.domain import Role
from auth_service.permissions import Action
from auth_service.servicer import AuthServicer
from kit.rpc.identity import USER
from protos.auth.v1 import auth_pb2 as pb
from tests.auth.scene import AuthScene, Person
from tests.harness.calls import RpcFault, read_fault

ORGANISER, COUPLE, PHOTOGRAPHER, GUEST = "organiser", "couple", "photographer", "guest"
ALL = {ORGANISER, COUPLE, PHOTOGRAPHER, GUEST}
FINDERS = ALL - {GUEST}

Request = Callable[[pb.Event, Person], Any]

# Each RPC on an event: a request, and the roles that may call it; other roles get ORGANISER_ONLY.
RPCS: dict[str, tuple[Request, set[str]]] = {
    "GetEvent": (lambda event, _: pb.GetEventRequest(event_id=event.event_id), FINDERS),
    "UpdateEvent": (lambda event, _: pb.UpdateEventRequest(event_id=event.event_id, new_code=True), {ORGANISER}),
    "ListGuests": (lambda event, _: pb.ListGuestsRequest(event_id=event.event_id), {ORGANISER}),
    "ListActs": (lambda event, _: pb.ListActsRequest(event_id=event.event_id), {ORGANISER}),
    "ListSharedPhones": (lambda event, _: pb.ListSharedPhonesRequest(event_id=event.event_id), {ORGANISER}),
    "AdmitGuest": (
        lambda event, gina: pb.AdmitGuestRequest(event_id=event.event_id, user_id=gina.user_id),
        {ORGANISER},
    ),
    "SetRole": (
        lambda event, gina: pb.SetRoleRequest(event_id=event.event_id, user_id=gina.user_id, role=pb.ROLE_COUPLE),
        {ORGANISER},
    ),
    "ListRemoved": (lambda event, _: pb.ListRemovedRequest(event_id=event.event_id), {ORGANISER}),
    "CreateSignInLink": (
        lambda event, gina: pb.CreateSignInLinkRequest(event_id=event.event_id, user_id=gina.user_id),
        {ORGANISER},
    ),
    "CreateInvitation": (
        lambda event, _: pb.CreateInvitationRequest(event_id=event.event_id, role=pb.ROLE_COUPLE),
        {ORGANISER},
    ),
    "ListInvitations": (lambda event, _: pb.ListInvitationsRequest(event_id=event.event_id), {ORGANISER}),
    "RevokeInvitation": (
        lambda event, _: pb.RevokeInvitationRequest(event_id=event.event_id, invitation_id=str(uuid4())),
        {ORGANISER},
    ),
    "RecordConsent": (lambda event, _: pb.RecordConsentRequest(event_id=event.event_id, consent_version="1"), ALL),
    "JoinEvent": (lambda event, _: pb.JoinEventRequest(event_code=event.event_code), ALL),
    "LeaveEvent": (
        lambda event, gina: pb.LeaveEventRequest(event_id=event.event_id, user_id=gina.user_id),
        {ORGANISER},
    ),
    "DeleteEvent": (lambda event, _: pb.DeleteEventRequest(event_id=event.event_id), {ORGANISER}),
}
# RPCs whose caller does not choose an event: they act on the caller's account or on a secret.
OF_NO_EVENT = {
    "SetNotice",  # for one's own address, which needs a server that sends e-mail
    "DeleteNotice",
    "SetCredentials",
    "GetUser",
    "ListConsents",
    "WithdrawConsent",
    "ListSessions",
    "EndSession",
    "EndOtherSessions",
    "ChangePassword",
    "ChangeEmail",
    "DeleteUser",
    "CreateEvent",
    "ListEvents",
    "AcceptInvitation",
}


@pytest.fixture
def people(scene: AuthScene) -> tuple[pb.Event, dict[str, Person]]:
    olga = scene.organiser("olga")
    event = scene.event(olga)
    return event, {
        ORGANISER: scene.member(event, olga, pb.ROLE_ORGANISER, "otto"),
        COUPLE: scene.member(event, olga, pb.ROLE_COUPLE, "cleo"),
        PHOTOGRAPHER: scene.member(event, olga, pb.ROLE_PHOTOGRAPHER, "phil"),
        GUEST: scene.guest(event, "gina"),
    }


@pytest.mark.parametrize("rpc", RPCS)
def test_the_roles_in_the_table_can_call_an_rpc_and_no_others(
    scene: AuthScene, people: tuple[pb.Event, dict[str, Person]], rpc: str
) -> None:
    event, members = people
    visitor = scene.visitor(event)
    request, allowed = RPCS[rpc]

    def call(role: str) -> RpcFault:
        fault = RpcFault()
        try:
            getattr(scene.stub, rpc)(request(event, visitor), metadata=members[role].metadata)
        except grpc.RpcError as error:
            read_fault(error, fault)
        return fault

    before = scene.last_change()
    for role in sorted(ALL - allowed):
        fault = call(role)
        assert (fault.code, fault.reason) == (grpc.StatusCode.PERMISSION_DENIED, "ORGANISER_ONLY"), role
    assert scene.last_change() == before
    for role in sorted(allowed):
        fault = call(role)
        assert (fault.code, fault.reason) == (None, ""), role


def test_the_table_lists_every_user_rpc() -> None:
    rpcs = {
        name: method.access for name in dir(AuthServicer) if hasattr(method := getattr(AuthServicer, name), "access")
    }
    assert {name for name, access in rpcs.items() if USER in access.kinds} == set(RPCS) | OF_NO_EVENT


def test_members_list_their_events_but_cannot_create_any(
    scene: AuthScene, people: tuple[pb.Event, dict[str, Person]]
) -> None:
    event, members = people
    for role, expected in {ORGANISER: 1, COUPLE: 1, PHOTOGRAPHER: 1, GUEST: 0}.items():
        listed = scene.stub.ListEvents(pb.ListEventsRequest(), metadata=members[role].metadata).events
        assert [(shown.event_id, pb.Role.Name(shown.role)) for shown in listed] == [
            (event.event_id, f"ROLE_{role.upper()}")
        ] * expected
        assert [membership.role for membership in scene.memberships(members[role])] == [
            pb.Role.Value(f"ROLE_{role.upper()}")
        ]
        with pytest.raises(grpc.RpcError, match="Only organisers"):
            scene.event(members[role])


def test_control_a_permissive_table_lets_a_photographer_list_guests(
    scene: AuthScene, people: tuple[pb.Event, dict[str, Person]], monkeypatch: pytest.MonkeyPatch
) -> None:
    event, members = people
    monkeypatch.setitem(permissions.ALLOWED, Role.PHOTOGRAPHER, frozenset(Action))  # type: ignore[arg-type]
    request = pb.ListGuestsRequest(event_id=event.event_id)
    assert scene.stub.ListGuests(request, metadata=members[PHOTOGRAPHER].metadata).guests
