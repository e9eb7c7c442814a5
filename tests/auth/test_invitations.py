"""Invitations, which grant a role in an event once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import uuid4

import grpc
import pytest
from sqlalchemy import Connection, Row, text

from auth_service.invitations import MAX_OPEN
from auth_service.store import invitations
from protos.auth.v1 import auth_pb2 as pb
from tests.auth.scene import PASSWORD, AuthScene, Person
from tests.auth.test_races import at_once
from tests.harness.calls import RpcFault, bearer, raises_fault

GUEST, ORGANISER = pb.ROLE_GUEST, pb.ROLE_ORGANISER
COUPLE, PHOTOGRAPHER = pb.ROLE_COUPLE, pb.ROLE_PHOTOGRAPHER
JOINED, LEFT = pb.Change.KIND_JOINED, pb.Change.KIND_LEFT
WEEK_S = 7 * 24 * 3600

Party = tuple[pb.Event, Person]


@pytest.fixture
def party(scene: AuthScene) -> Party:
    olga = scene.organiser("olga")
    return scene.event(olga), olga


def role_of(scene: AuthScene, person: Person) -> list[int]:
    return [membership.role for membership in scene.memberships(person)]


def list_open(scene: AuthScene, event: pb.Event, organiser: Person) -> list[pb.Invitation]:
    request = pb.ListInvitationsRequest(event_id=event.event_id)
    return list(scene.stub.ListInvitations(request, metadata=organiser.metadata).invitations)


def look(scene: AuthScene, token: str) -> pb.LookUpInvitationResponse:
    answer: pb.LookUpInvitationResponse = scene.stub.LookUpInvitation(pb.LookUpInvitationRequest(token=token))
    return answer


def register(scene: AuthScene, token: str, username: str, **other: str) -> pb.RegisterInvitedResponse:
    fields = {"username": username, "email": f"{username}@example.org", "password": PASSWORD, "token": token, **other}
    answer: pb.RegisterInvitedResponse = scene.stub.RegisterInvited(pb.RegisterInvitedRequest(**fields))
    return answer


@pytest.mark.parametrize("role", [ORGANISER, COUPLE, PHOTOGRAPHER])
def test_accepting_an_invitation_publishes_the_new_role(scene: AuthScene, party: Party, role: int) -> None:
    event, olga = party
    sven = scene.stranger()
    token = scene.invite(event, olga, role)
    shown = look(scene, token)
    assert (shown.event_id, shown.event_name, shown.role, shown.created_by) == (
        event.event_id,
        event.name,
        role,
        "olga",
    )
    assert [(open_one.role, open_one.created_by) for open_one in list_open(scene, event, olga)] == [(role, "olga")]
    assert scene.accept(token, sven) == role
    assert role_of(scene, sven) == [role]
    [joined] = [change for change in scene.changes() if change.user_id == sven.user_id]
    assert (joined.kind, joined.role) == (JOINED, role)
    assert scene.get_event(event, olga).guest_count == 2
    assert list_open(scene, event, olga) == []


def test_only_the_hash_of_an_invitation_is_stored(scene: AuthScene, party: Party) -> None:
    token = scene.invite(*party)
    stored = str(scene.sql("SELECT i::text FROM auth.invitations i"))
    assert token not in stored
    assert token.encode().hex() not in stored


def test_an_invitation_can_be_used_once(scene: AuthScene, party: Party) -> None:
    event, olga = party
    token = scene.invite(event, olga)
    gina, greg = scene.guest(event, "gina"), scene.guest(event, "greg")
    for _ in range(2):
        assert scene.accept(token, gina) == PHOTOGRAPHER, "a repeat after a lost response succeeds"
    with raises_fault(grpc.StatusCode.NOT_FOUND, "INVALID_INVITATION"):
        scene.accept(token, greg)
    with raises_fault(grpc.StatusCode.NOT_FOUND, "INVALID_INVITATION"):
        look(scene, token)
    with raises_fault(grpc.StatusCode.NOT_FOUND, "INVALID_INVITATION"):
        register(scene, token, "rita")
    assert role_of(scene, greg) == [GUEST]
    assert scene.kinds_about(gina) == [JOINED, JOINED]


def test_of_concurrent_acceptances_one_gets_the_role(scene: AuthScene, party: Party) -> None:
    event, olga = party
    guests = [scene.visitor(event) for _ in range(6)]
    for _ in range(4):
        token = scene.invite(event, olga, COUPLE)
        answers = at_once(
            *(lambda guest=guest, token=token: scene.accept(token, guest) for guest in guests),
            lambda token=token: register(scene, token, f"rita{uuid4().hex[:6]}"),
        )
        refusals = [answer.reason for answer in answers if isinstance(answer, RpcFault)]
        # A guest who already has the role keeps it and does not use up the invitation.
        assert set(refusals) <= {"INVALID_INVITATION"}
    used = scene.sql("SELECT count(*), count(DISTINCT used_by) FROM auth.invitations WHERE used_by IS NOT NULL")[0]
    couples = scene.sql("SELECT count(*) FROM auth.memberships WHERE role = 'couple'")[0][0]
    assert tuple(used) == (4, 4)
    assert couples == 4


def test_control_an_invitation_read_without_the_lock_is_used_twice(
    scene: AuthScene, party: Party, monkeypatch: pytest.MonkeyPatch
) -> None:
    event, olga = party
    token = scene.invite(event, olga, COUPLE)
    guests = [scene.visitor(event) for _ in range(2)]

    both_have_read = Barrier(2)

    def read(connection: Connection, token_hash: bytes) -> Row[Any]:
        query = text(f"{invitations.SELECT} WHERE i.token_hash = :hash")
        found = connection.execute(query, {"hash": token_hash}).one()
        both_have_read.wait(10)
        return found

    monkeypatch.setattr(invitations, "_lock", read)
    with ThreadPoolExecutor(2) as pool:
        roles = list(pool.map(lambda guest: scene.accept(token, guest), guests))
    assert roles == [COUPLE, COUPLE]


def test_an_invitation_promotes_and_never_demotes(scene: AuthScene, party: Party) -> None:
    event, olga = party
    gina = scene.guest(event)
    assert scene.accept(scene.invite(event, olga, PHOTOGRAPHER), gina) == PHOTOGRAPHER
    assert scene.accept(scene.invite(event, olga, COUPLE), gina) == COUPLE
    lower, tried = scene.invite(event, olga, PHOTOGRAPHER), scene.invite(event, olga, COUPLE)
    assert scene.accept(lower, gina) == COUPLE
    assert scene.accept(tried, olga) == ORGANISER
    assert [open_one.role for open_one in list_open(scene, event, olga)] == [PHOTOGRAPHER, COUPLE], "not used up"
    assert scene.accept(scene.invite(event, olga, ORGANISER), gina) == ORGANISER
    assert role_of(scene, gina) == [ORGANISER]
    roles = [change.role for change in scene.changes() if change.user_id == gina.user_id]
    assert roles == [GUEST, PHOTOGRAPHER, COUPLE, ORGANISER]
    assert scene.get_event(event, olga).guest_count == 2


def test_a_co_organiser_can_administer_the_event_but_not_create_one(scene: AuthScene, party: Party) -> None:
    event, olga = party
    otto = scene.member(event, olga, ORGANISER, "otto")
    assert scene.invite(event, otto)
    with raises_fault(grpc.StatusCode.PERMISSION_DENIED, "ORGANISER_ONLY"):
        scene.event(otto)


def test_only_the_organiser_role_requires_a_password(scene: AuthScene, party: Party) -> None:
    event, olga = party
    visitor = scene.visitor(event)
    token = scene.invite(event, olga, ORGANISER)
    with raises_fault(grpc.StatusCode.FAILED_PRECONDITION, "CREDENTIALS_REQUIRED"):
        scene.accept(token, visitor)
    assert scene.accept(scene.invite(event, olga, PHOTOGRAPHER), visitor) == PHOTOGRAPHER
    credentials = pb.SetCredentialsRequest(username="vera", email="vera@example.org", password=PASSWORD)
    scene.stub.SetCredentials(credentials, metadata=visitor.metadata)
    assert scene.accept(token, visitor) == ORGANISER


def test_an_invitation_admits_a_waiting_guest(scene: AuthScene) -> None:
    olga = scene.organiser("olga")
    event = scene.event(olga, admission=True)
    visitor = scene.visitor(event)
    assert scene.kinds_about(visitor) == []
    scene.accept(scene.invite(event, olga, PHOTOGRAPHER), visitor)
    assert [(m.role, m.waiting) for m in scene.memberships(visitor)] == [(PHOTOGRAPHER, False)]
    assert scene.kinds_about(visitor) == [JOINED]
    assert scene.get_event(event, olga).guest_count == 2


def test_an_invitation_can_be_accepted_with_a_new_account(scene: AuthScene, party: Party) -> None:
    event, olga = party
    token, request_id = scene.invite(event, olga, ORGANISER), str(uuid4())
    with raises_fault(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FORM") as refusal:
        register(scene, token, "olga", password="short")
    assert refusal.violations == {
        "username": "username_taken",
        "email": "email_taken",
        "password": "password_too_short",
    }
    first = register(scene, token, "rita", request_id=request_id)
    again = register(scene, token, "rita", request_id=request_id)
    assert (first.user_id, first.event_id) == (again.user_id, event.event_id)
    with raises_fault(grpc.StatusCode.UNAUTHENTICATED, "INVALID_CREDENTIALS"):
        register(scene, token, "rita", request_id=request_id, password="another password")
    rita = Person(first.user_id, "rita", bearer(first.tokens.access_token))
    assert role_of(scene, rita) == [ORGANISER]
    user = scene.stub.GetUser(pb.GetUserRequest(), metadata=rita.metadata)
    assert (user.username, user.organiser) == ("rita", False)
    with raises_fault(grpc.StatusCode.NOT_FOUND, "INVALID_INVITATION"):
        register(scene, "no-such-token", "rolf")


def test_an_invitation_is_valid_for_a_week_or_until_it_is_revoked(scene: AuthScene, party: Party) -> None:
    event, olga = party
    gina = scene.guest(event)
    old, withdrawn = scene.invite(event, olga), scene.invite(event, olga)
    first, second = list_open(scene, event, olga)
    assert first.expire_time.ToSeconds() - first.create_time.ToSeconds() in range(WEEK_S - 1, WEEK_S + 2)
    scene.sql("UPDATE auth.invitations SET expires_at = now() WHERE id = :id", id=first.invitation_id)
    revoke = pb.RevokeInvitationRequest(event_id=event.event_id, invitation_id=second.invitation_id)
    for _ in range(2):
        scene.stub.RevokeInvitation(revoke, metadata=olga.metadata)
    for token in (old, withdrawn, "", "\0", "x" * 10_000):
        with raises_fault(grpc.StatusCode.NOT_FOUND, "INVALID_INVITATION"):
            scene.accept(token, gina)
        with raises_fault(grpc.StatusCode.NOT_FOUND, "INVALID_INVITATION"):
            look(scene, token)
    scene.auth.tidy()
    assert scene.sql("SELECT count(*) FROM auth.invitations") == [(0,)]


def test_an_organiser_of_another_event_cannot_revoke_an_invitation(scene: AuthScene, party: Party) -> None:
    event, olga = party
    otto = scene.organiser("otto")
    other = scene.event(otto)
    scene.invite(event, olga)
    [invitation] = list_open(scene, event, olga)
    revoke = pb.RevokeInvitationRequest(event_id=other.event_id, invitation_id=invitation.invitation_id)
    scene.stub.RevokeInvitation(revoke, metadata=otto.metadata)
    assert len(list_open(scene, event, olga)) == 1


@pytest.mark.parametrize("role", [pb.ROLE_UNSPECIFIED, GUEST])
def test_an_invitation_for_the_guest_role_is_rejected(scene: AuthScene, party: Party, role: int) -> None:
    with raises_fault(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT"):
        scene.invite(*party, role)


def test_the_number_of_open_invitations_is_limited(scene: AuthScene, party: Party) -> None:
    for _ in range(MAX_OPEN):
        scene.invite(*party)
    with raises_fault(grpc.StatusCode.FAILED_PRECONDITION, "TOO_MANY_INVITATIONS"):
        scene.invite(*party)


def test_a_removed_guest_can_return_only_by_a_newer_invitation(scene: AuthScene, party: Party) -> None:
    event, olga = party
    gina = scene.guest(event)
    before = scene.invite(event, olga)
    scene.remove(event, gina, olga)
    with raises_fault(grpc.StatusCode.PERMISSION_DENIED, "REMOVED_FROM_EVENT"):
        scene.accept(before, gina)
    assert scene.memberships(gina) == []
    assert scene.accept(scene.invite(event, olga), gina) == PHOTOGRAPHER
    assert scene.kinds_about(gina) == [JOINED, LEFT, JOINED]


def test_repeating_an_acceptance_after_a_removal_fails(scene: AuthScene, party: Party) -> None:
    event, olga = party
    sven, token = scene.stranger(), scene.invite(event, olga)
    scene.accept(token, sven)
    scene.remove(event, sven, olga)
    with raises_fault(grpc.StatusCode.NOT_FOUND, "INVALID_INVITATION"):
        scene.accept(token, sven)


def test_removing_an_organiser_revokes_their_invitations(scene: AuthScene, party: Party) -> None:
    event, olga = party
    otto = scene.member(event, olga, ORGANISER, "otto")
    token = scene.invite(event, otto, ORGANISER)
    scene.remove(event, otto, olga)
    assert list_open(scene, event, olga) == []
    with raises_fault(grpc.StatusCode.NOT_FOUND, "INVALID_INVITATION"):
        scene.accept(token, scene.stranger())


def test_an_invitation_to_a_deleted_event_is_invalid(scene: AuthScene, party: Party) -> None:
    event, olga = party
    token = scene.invite(event, olga)
    scene.stub.DeleteEvent(pb.DeleteEventRequest(event_id=event.event_id), metadata=olga.metadata)
    with raises_fault(grpc.StatusCode.NOT_FOUND, "INVALID_INVITATION"):
        scene.accept(token, scene.stranger())


def test_an_invitation_to_a_closed_event_can_be_accepted(scene: AuthScene, party: Party) -> None:
    event, olga = party
    scene.stub.UpdateEvent(
        pb.UpdateEventRequest(event_id=event.event_id, closed={"value": True}), metadata=olga.metadata
    )
    assert scene.accept(scene.invite(event, olga, COUPLE), scene.stranger()) == COUPLE
