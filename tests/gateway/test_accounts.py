"""Event codes, accounts and sign-ins over REST."""

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from auth_service.domain import InvalidCredentials, InvalidForm
from gateway.http.cookies import ACCESS as COOKIE
from kit.errors import Violation
from protos.auth.v1 import auth_pb2 as pb
from protos.selfie.v1 import selfie_pb2
from tests.gateway.world import SIGNED, TOKEN, World, problem

TOKENS = pb.TokenPair(access_token=TOKEN, refresh_token="r1", expires_in=Duration(seconds=900))
PAIR = {"access_token": TOKEN, "refresh_token": "r1", "token_type": "bearer", "expires_in": 900}
LOGIN = {"username": "ada", "password": "correct horse"}
MEMBERSHIP = pb.Membership(
    event_id="e",
    event_name="Wedding",
    role=pb.ROLE_ORGANISER,
    join_time=Timestamp(seconds=5),
    event_code="7K3F-9QXA",
    expire_time=Timestamp(seconds=9),
    organisers=["ada", "olga"],
    consent_version="2026-11",
    waiting=True,
)


def test_an_event_code_is_checked(world: World) -> None:
    world.answer(CheckEventCode=pb.CheckEventCodeResponse(valid=True, event_name="Wedding"))
    answer = world.client.post("/api/check-event-code", json={"event_code": "7k3f 9qxa"})
    assert (answer.status_code, answer.json()) == (200, {"valid": True, "event_name": "Wedding"})
    assert world.services.sent("CheckEventCode").event_code == "7k3f 9qxa"


def test_a_wrong_code_has_no_name(world: World) -> None:
    assert world.client.post("/api/check-event-code", json={"event_code": "x"}).json() == {"valid": False}
    world.answer(CheckEventCode=pb.CheckEventCodeResponse(closed=True))
    shut = world.client.post("/api/check-event-code", json={"event_code": "x"}).json()
    assert shut == {"valid": False, "closed": True}


def test_a_registration_returns_tokens_and_sets_the_cookie(world: World) -> None:
    world.answer(Register=pb.RegisterResponse(user_id="u", event_id="e", tokens=TOKENS))
    form = {"user_data": {**LOGIN, "email": "a@example.org"}, "event_code": "C"}
    answer = world.client.post("/api/register-with-event-code", json=form)
    assert (answer.status_code, answer.json()) == (201, {"user_id": "u", "event_id": "e", **PAIR})
    assert world.client.cookies[COOKIE] == TOKEN
    sent = world.services.sent("Register")
    assert (sent.username, sent.password, sent.event_code) == ("ada", "correct horse", "C")
    assert len(sent.request_id) == 36


@pytest.mark.parametrize(
    ("path", "form", "field"),
    [
        ("/api/register-with-event-code", {"user_data": {**LOGIN, "email": "a@x.org", "role": "admin"}}, "role"),
        ("/api/login", {**LOGIN, "bogus": 1}, "bogus"),
        ("/api/check-event-code", {"event_code": "C", "Event_Code": "C"}, "Event_Code"),
    ],
)
def test_a_field_that_does_not_exist_is_rejected(world: World, path: str, form: object, field: str) -> None:
    answer = world.client.post(path, json=form)
    assert problem(answer) == (422, "invalid_form")
    assert {"field": field, "reason": "unknown_field", "message": "Unknown field."} in answer.json()["errors"]
    assert not world.services.calls


def test_all_faults_of_a_form_are_reported_in_one_422(world: World) -> None:
    faults = [Violation("username", "username_taken", "Taken."), Violation("password", "password_too_short", "Short.")]
    world.answer(Register=InvalidForm(faults))
    form = {"user_data": {**LOGIN, "email": "a@example.org"}, "event_code": "C"}
    answer = world.client.post("/api/register-with-event-code", json=form)
    assert problem(answer) == (422, "invalid_form")
    assert answer.json()["errors"] == [
        {"field": "username", "reason": "username_taken", "message": "Taken."},
        {"field": "password", "reason": "password_too_short", "message": "Short."},
    ]


@pytest.mark.parametrize("host", ["localhost:8000", "192.168.1.20:8000", "minois.example", "["])
def test_over_plain_http_the_cookie_has_no_secure_flag(world: World, host: str) -> None:
    world.answer(Login=pb.LoginResponse(user_id="u", tokens=TOKENS))
    answer = world.client.post("/api/login", json=LOGIN, headers={"host": host})
    assert answer.json()["event_id"] is None
    cookie = answer.headers["set-cookie"]
    assert all(flag in cookie for flag in ("HttpOnly", "SameSite=strict", "Max-Age=900", "Path=/api"))
    assert "Secure" not in cookie


def test_a_wrong_password_sets_no_cookie(world: World) -> None:
    world.answer(Login=InvalidCredentials())
    answer = world.client.post("/api/login", json=LOGIN)
    assert problem(answer) == (401, "invalid_credentials")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "set-cookie" not in answer.headers


def test_a_refresh_renews_the_cookie_and_a_logout_clears_it(world: World) -> None:
    world.answer(RefreshToken=pb.RefreshTokenResponse(tokens=TOKENS))
    assert world.client.post("/api/refresh", json={"refresh_token": "r0"}).json() == PAIR
    assert world.client.cookies[COOKIE] == TOKEN
    assert world.client.post("/api/logout", json={"refresh_token": "r1"}).status_code == 204
    assert COOKIE not in world.client.cookies


def test_the_cookie_authenticates_only_get_requests(world: World) -> None:
    cookie = {"cookie": f"{COOKIE}={TOKEN}"}
    assert world.client.get("/api/rematch-status", headers=cookie).status_code == 200
    assert world.services.calls[-1].metadata["authorization"] == f"Bearer {TOKEN}"
    world.services.calls.clear()
    for method, path in (("POST", "/api/rematch"), ("DELETE", "/api/me"), ("DELETE", "/api/my-selfie")):
        assert problem(world.client.request(method, path, headers=cookie)) == (401, "invalid_token")
    assert not world.services.calls


@pytest.mark.parametrize("value", ["", "Bearer", "Basic YTpi", "Bearer a b", "Bearer \xe9", f"Bearer {'x' * 5000}"])
def test_a_malformed_token_is_rejected_without_calling_a_service(world: World, value: str) -> None:
    answer = world.client.get("/api/me", headers={"authorization": value.encode("latin-1")})
    assert problem(answer) == (401, "invalid_token")
    assert not world.services.calls


def test_me_returns_account_events_and_selfie(world: World) -> None:
    world.answer(
        GetUser=pb.GetUserResponse(user_id="u", username="ada", email="a@x.org", memberships=[MEMBERSHIP]),
        GetRematchState=selfie_pb2.GetRematchStateResponse(),
    )
    assert world.client.get("/api/me", headers=SIGNED).json() == {
        "user_id": "u",
        "username": "ada",
        "email": "a@x.org",
        "display_name": "",
        "organiser": False,
        "events": [
            {
                "event_id": "e",
                "name": "Wedding",
                "role": "organiser",
                "closed": False,
                "joined_at": 5,
                "event_code": "7K3F-9QXA",
                "expires_at": 9,
                "organisers": ["ada", "olga"],
                "consent_version": "2026-11",
                "waiting": True,
                "searched": True,
                "notice_email": "",
                "guest_photos": "off",
                "release": "live",
                "download": "original",
                "hidden": False,
            }
        ],
        "selfie": {"status": "idle", "matched": 0},
    }


def test_join_event_passes_on_the_choice_of_search(world: World) -> None:
    world.answer(JoinEvent=pb.JoinEventResponse(event_id="e", event_name="Wedding"))
    form = {"event_code": "C", "search": False, "consent_version": "1"}
    assert world.client.post("/api/join-event", json=form, headers=SIGNED).status_code == 200
    sent = world.services.sent("JoinEvent")
    assert (sent.without_search, sent.consent_version) == (True, "1")


def test_joining_and_erasing_an_account(world: World) -> None:
    world.answer(JoinEvent=pb.JoinEventResponse(event_id="e", event_name="Wedding", waiting=True))
    answer = world.client.post("/api/join-event", json={"event_code": "C"}, headers=SIGNED)
    assert answer.json() == {"event_id": "e", "event_name": "Wedding", "waiting": True}
    sent = world.services.sent("JoinEvent")
    assert (sent.without_search, sent.consent_version) == (False, "")
    erased = world.client.delete("/api/me", headers=SIGNED)
    assert (erased.status_code, erased.content) == (204, b"")
    assert 'minois_token=""' in erased.headers["set-cookie"]
