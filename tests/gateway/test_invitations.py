"""Invitations and the first organiser over REST."""

from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from auth_service.domain import OrganiserOnly, RemovedFromEvent
from auth_service.invitations import (
    CredentialsRequired,
    InvalidInvitation,
    InvalidSetupCode,
    OrganiserExists,
    TooManyInvitations,
)
from gateway.http.rates import Rates
from kit.errors import DatabaseUnavailable
from protos.auth.v1 import auth_pb2 as pb
from tests.gateway.world import SIGNED, TOKEN, World, problem, running_world

EVENT, OTHER = "3f2b8c1e-0000-4000-8000-00000000000a", "3f2b8c1e-0000-4000-8000-00000000000b"
PATH = f"/api/events/{EVENT}/invitations"
INVITATION = pb.Invitation(
    invitation_id=OTHER,
    role=pb.ROLE_PHOTOGRAPHER,
    created_by="olga",
    create_time=Timestamp(seconds=3),
    expire_time=Timestamp(seconds=9),
)
SHOWN = {"id": OTHER, "role": "photographer", "created_by": "olga", "created_at": 3, "expires_at": 9}
TOKENS = pb.TokenPair(
    access_token=TOKEN,
    refresh_token="r1",
    expires_in=Duration(seconds=900),
    refresh_expires_in=Duration(seconds=9000),
)
USER = {"username": "rita", "email": "rita@example.org", "password": "correct horse"}
LINK = {"token": "secret"}
FIRST = {"code": "7K3F-9QXA", "user_data": USER}


@pytest.fixture(autouse=True)
def no_cookies(world: World) -> None:
    world.client.cookies.clear()


def test_an_invitation_link_has_its_token_in_the_fragment(world: World) -> None:
    world.answer(CreateInvitation=pb.CreateInvitationResponse(invitation=INVITATION, token="secret"))
    answer = world.client.post(PATH, json={"role": "photographer"}, headers=SIGNED)
    shown = answer.json()
    assert answer.status_code == 201
    assert shown.pop("qr_svg").startswith("data:image/svg+xml")
    assert shown == {**SHOWN, "token": "secret", "path": "/organiser/invitation#secret"}
    sent = world.services.sent("CreateInvitation")
    assert (sent.event_id, sent.role) == (EVENT, pb.ROLE_PHOTOGRAPHER)


def test_invitations_can_be_listed_and_revoked(world: World) -> None:
    world.answer(ListInvitations=pb.ListInvitationsResponse(invitations=[INVITATION]))
    assert world.client.get(PATH, headers=SIGNED).json() == {"invitations": [SHOWN]}
    assert world.client.delete(f"{PATH}/{OTHER}", headers=SIGNED).status_code == 204
    sent = world.services.sent("RevokeInvitation")
    assert (sent.event_id, sent.invitation_id) == (EVENT, OTHER)


def test_looking_up_needs_no_session_and_accepting_needs_one(world: World) -> None:
    looked = pb.LookUpInvitationResponse(
        event_id=EVENT, event_name="Wedding", role=pb.ROLE_COUPLE, created_by="olga", expire_time=Timestamp(seconds=9)
    )
    accepted = pb.AcceptInvitationResponse(event_id=EVENT, event_name="Wedding", role=pb.ROLE_COUPLE)
    world.answer(LookUpInvitation=looked, AcceptInvitation=accepted)
    shown = {"event_id": EVENT, "event_name": "Wedding", "role": "couple"}
    look = world.client.post("/api/invitations/look", json=LINK)
    assert look.json() == {**shown, "created_by": "olga", "expires_at": 9}
    assert world.client.post("/api/invitations/accept", json=LINK, headers=SIGNED).json() == shown
    assert problem(world.client.post("/api/invitations/accept", json=LINK)) == (401, "invalid_token")
    for path in ("/api/invitations/look", "/api/invitations/accept"):
        assert world.client.get(f"{path}?token=secret").status_code == 405, "link previews use nothing up"


def test_registering_by_invitation_signs_in(world: World) -> None:
    world.answer(RegisterInvited=pb.RegisterInvitedResponse(user_id="u", event_id=EVENT, tokens=TOKENS))
    answer = world.client.post("/api/invitations/register", json={**LINK, "user_data": USER})
    assert (answer.status_code, answer.json()["event_id"]) == (201, EVENT)
    assert "minois_refresh" in str(answer.headers)
    sent = world.services.sent("RegisterInvited")
    assert (sent.token, sent.username, sent.password, len(sent.request_id)) == ("secret", "rita", USER["password"], 36)


def test_creating_the_first_organiser_signs_in(world: World) -> None:
    world.answer(CreateFirstOrganiser=pb.CreateFirstOrganiserResponse(user_id="u", tokens=TOKENS))
    answer = world.client.post("/api/first-organiser", json=FIRST)
    assert (answer.status_code, answer.json()["user_id"], answer.json()["event_id"]) == (201, "u", None)
    assert "minois_refresh" in str(answer.headers)
    assert world.services.sent("CreateFirstOrganiser").code == FIRST["code"]


@pytest.mark.parametrize(
    ("method", "path", "form", "rpc", "fault", "expected"),
    [
        ("POST", PATH, {"role": "couple"}, "CreateInvitation", OrganiserOnly(), (403, "organiser_only")),
        ("POST", PATH, {"role": "couple"}, "CreateInvitation", TooManyInvitations(), (409, "too_many_invitations")),
        ("POST", PATH, {"role": "guest"}, "CreateInvitation", None, (422, "invalid_form")),
        ("GET", PATH, None, "ListInvitations", OrganiserOnly(), (403, "organiser_only")),
        ("DELETE", f"{PATH}/{OTHER}", None, "RevokeInvitation", OrganiserOnly(), (403, "organiser_only")),
        ("POST", "/api/invitations/look", LINK, "LookUpInvitation", InvalidInvitation(), (404, "invalid_invitation")),
        ("POST", "/api/invitations/accept", LINK, "AcceptInvitation", RemovedFromEvent(), (403, "removed_from_event")),
        (
            "POST",
            "/api/invitations/accept",
            LINK,
            "AcceptInvitation",
            CredentialsRequired(),
            (409, "credentials_required"),
        ),
        (
            "POST",
            "/api/first-organiser",
            FIRST,
            "CreateFirstOrganiser",
            InvalidSetupCode(),
            (403, "invalid_setup_code"),
        ),
        ("POST", "/api/first-organiser", FIRST, "CreateFirstOrganiser", OrganiserExists(), (409, "organiser_exists")),
    ],
)
def test_faults_of_the_service_are_passed_on(
    world: World, method: str, path: str, form: Any, rpc: str, fault: Any, expected: tuple[int, str]
) -> None:
    if fault:
        world.answer(**{rpc: fault})
    assert problem(world.client.request(method, path, json=form, headers=SIGNED)) == expected


def first_organiser(world: World, **headers: str) -> bool:
    return bool(world.client.get("/api/session", headers=headers).json()["first_organiser"])


def test_a_session_reports_whether_a_first_organiser_can_be_created() -> None:
    with running_world() as world:
        world.answer(CheckFirstOrganiser=DatabaseUnavailable())
        assert not first_organiser(world), "unknown counts as impossible"
        world.answer(CheckFirstOrganiser=pb.CheckFirstOrganiserResponse(possible=True))
        assert first_organiser(world)
        world.answer(CheckFirstOrganiser=pb.CheckFirstOrganiserResponse())
        assert not first_organiser(world)
        calls = len(world.services.calls)
        assert not first_organiser(world)
        assert len(world.services.calls) == calls, "the response is cached for a while"


GUESSES = {
    "look": ("/api/invitations/look", LINK, "logins"),
    "accept": ("/api/invitations/accept", LINK, "logins"),
    "register": ("/api/invitations/register", {**LINK, "user_data": USER}, "logins"),
    "first": ("/api/first-organiser", FIRST, "passwords"),
}


@pytest.mark.parametrize("guess", GUESSES)
def test_guessing_secrets_is_rate_limited(guess: str) -> None:
    path, form, kind = GUESSES[guess]
    with running_world(rates=Rates(**{kind: "3/minute"})) as world:
        statuses = [world.client.post(path, json=form, headers=SIGNED).status_code for _ in range(4)]
    assert [status == 429 for status in statuses] == [False, False, False, True]
