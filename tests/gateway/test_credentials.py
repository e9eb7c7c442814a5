"""Passwords and e-mail addresses over REST."""

from dataclasses import replace
from typing import Any

import pytest

from auth_service.domain import InvalidCredentials, InvalidSignInLink
from gateway.http.rates import Rates
from protos.auth.v1 import auth_pb2 as pb
from tests.gateway.world import LIMITS, SIGNED, World, problem, running_world

CHANGES: dict[str, dict[str, str]] = {
    "/api/me/password": {"old_password": "old horse", "new_password": "new horse"},
    "/api/me/email": {"password": "old horse", "email": "new@example.org", "language": "fr"},
}


def test_a_password_is_changed(world: World) -> None:
    form = CHANGES["/api/me/password"]
    assert world.client.post("/api/me/password", json=form, headers=SIGNED).status_code == 204
    assert world.services.sent("ChangePassword") == pb.ChangePasswordRequest(**form)


@pytest.mark.parametrize("unconfirmed", [True, False])
def test_an_email_is_changed(world: World, unconfirmed: bool) -> None:
    form = CHANGES["/api/me/email"]
    world.answer(ChangeEmail=pb.ChangeEmailResponse(unconfirmed=unconfirmed))
    answer = world.client.post("/api/me/email", json=form, headers=SIGNED)
    assert answer.json() == {"unconfirmed": unconfirmed}
    assert world.services.sent("ChangeEmail") == pb.ChangeEmailRequest(**form)


@pytest.mark.parametrize("path", CHANGES)
def test_a_change_needs_a_session_and_the_password(world: World, path: str) -> None:
    assert problem(world.client.post(path, json=CHANGES[path])) == (401, "invalid_token")
    assert not world.services.calls
    world.answer(ChangePassword=InvalidCredentials(), ChangeEmail=InvalidCredentials())
    assert problem(world.client.post(path, json=CHANGES[path], headers=SIGNED)) == (401, "invalid_credentials")


def test_only_post_requests_use_up_links(world: World) -> None:
    world.answer(ResetPassword=pb.ResetPasswordResponse(username="olga"))
    form = {"token": "to-ken", "password": "new horse"}
    assert world.client.post("/api/reset-password", json=form).json() == {"username": "olga"}
    assert world.services.sent("ResetPassword") == pb.ResetPasswordRequest(**form)
    assert world.client.post("/api/confirm-email", json={"token": "to-ken"}).status_code == 204
    world.services.calls.clear()
    for path in ("/api/reset-password", "/api/confirm-email", "/password", "/email"):
        world.client.get(path)
    assert not world.services.calls
    world.answer(ResetPassword=InvalidSignInLink(), ConfirmEmail=InvalidSignInLink())
    assert problem(world.client.post("/api/reset-password", json=form)) == (401, "invalid_sign_in_link")
    assert problem(world.client.post("/api/confirm-email", json={"token": "x"})) == (401, "invalid_sign_in_link")


def test_a_password_reset_needs_no_session(world: World) -> None:
    answer = world.client.post("/api/password-resets", json={"email": "olga@example.org"})
    assert (answer.status_code, answer.content) == (202, b"")
    assert world.services.sent("SendPasswordReset") == pb.SendPasswordResetRequest(
        email="olga@example.org", language="en"
    )


@pytest.mark.parametrize(
    ("rate", "path", "form", "headers"),
    [
        ("links", "/api/password-resets", {"email": "olga@example.org"}, {}),
        ("addresses", "/api/password-resets", {"email": "olga@example.org"}, {}),
        ("logins", "/api/reset-password", {"token": "x", "password": "y"}, {}),
        ("logins", "/api/confirm-email", {"token": "x"}, {}),
        *(("passwords", path, form, SIGNED) for path, form in CHANGES.items()),
    ],
)
def test_each_credential_route_is_rate_limited(
    rate: str, path: str, form: dict[str, str], headers: dict[str, str]
) -> None:
    rates: Any = {rate: "2/hour"}
    with running_world(rates=replace(LIMITS.rates, **rates)) as world:
        answers = [world.client.post(path, json=form, headers=headers).status_code for _ in range(4)]
    assert [code for code in answers if code != 429] == answers[:2]
    assert answers[2:] == [429, 429]


def test_control_without_a_limit_all_requests_are_accepted() -> None:
    """Without limits, none of the same requests is rejected."""
    with running_world(rates=replace(LIMITS.rates, **dict.fromkeys(vars(Rates()), "none"))) as world:
        answers = [world.client.post("/api/confirm-email", json={"token": "x"}).status_code for _ in range(4)]
    assert answers == [204] * 4
