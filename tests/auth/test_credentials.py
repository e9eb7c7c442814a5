"""Changing a password or an e-mail address, with the old password or by a link."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from auth_service.store import SessionStore
from protos.auth.v1 import auth_pb2 as pb
from tests.auth.scene import PASSWORD, AuthScene, register_form
from tests.auth.test_session_list import by, listed, log_in, refresh
from tests.harness.calls import Metadata, raises_fault

NEW = "a new correct horse"
UNAUTHENTICATED = grpc.StatusCode.UNAUTHENTICATED


def change(scene: AuthScene, metadata: Metadata, old: str = PASSWORD, new: str = NEW) -> None:
    request = pb.ChangePasswordRequest(old_password=old, new_password=new)
    scene.stub.ChangePassword(request, metadata=metadata)


def change_email(scene: AuthScene, metadata: Metadata, email: str, password: str = PASSWORD) -> bool:
    request = pb.ChangeEmailRequest(password=password, email=email, language="en")
    return bool(scene.stub.ChangeEmail(request, metadata=metadata).unconfirmed)


def may_log_in(scene: AuthScene, password: str, name: str = "olga") -> bool:
    try:
        scene.stub.Login(pb.LoginRequest(username=name, password=password))
    except grpc.RpcError as error:
        return bool(error.code() is not UNAUTHENTICATED)  # type: ignore[attr-defined]
    return True


def make_reset(scene: AuthScene, name: str = "olga") -> str:
    """Creates a link as the operator's command does."""
    return scene.auth.credentials.make_reset(name)


def reset(scene: AuthScene, token: str, password: str = NEW) -> str:
    return str(scene.stub.ResetPassword(pb.ResetPasswordRequest(token=token, password=password)).username)


def test_changing_a_password_ends_the_other_sessions(scene: AuthScene) -> None:
    scene.organiser()
    mine, other = log_in(scene), log_in(scene)
    change(scene, by(mine))
    assert (may_log_in(scene, PASSWORD), may_log_in(scene, NEW)) == (False, True)
    with raises_fault(UNAUTHENTICATED, "INVALID_REFRESH_TOKEN"):
        refresh(scene, other)
    assert refresh(scene, mine)


def test_a_change_without_the_old_password_is_rejected(scene: AuthScene) -> None:
    scene.organiser()
    mine, other = log_in(scene), log_in(scene)
    with raises_fault(UNAUTHENTICATED, "INVALID_CREDENTIALS"):
        change(scene, by(mine), old="wrong horse")
    with raises_fault(UNAUTHENTICATED, "INVALID_CREDENTIALS"):
        change_email(scene, by(mine), "x@example.org", "")
    with raises_fault(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FORM") as refusal:
        change(scene, by(mine), new="short")
    assert refusal.violations == {"new_password": "password_too_short"}
    assert may_log_in(scene, PASSWORD)
    assert refresh(scene, other)


def test_a_guest_without_a_password_cannot_change_credentials(scene: AuthScene) -> None:
    vera = scene.visitor(scene.event(scene.organiser()))
    for call in (lambda: change(scene, vera.metadata), lambda: change_email(scene, vera.metadata, "v@example.org")):
        with raises_fault(grpc.StatusCode.FAILED_PRECONDITION, "CREDENTIALS_REQUIRED"):
            call()
    with pytest.raises(Exception, match="does not exist"):
        make_reset(scene, "")


def test_a_token_without_a_session_cannot_change_the_password(scene: AuthScene) -> None:
    olga = scene.organiser()
    with raises_fault(UNAUTHENTICATED, "INVALID_TOKEN"):
        change(scene, olga.metadata)
    assert may_log_in(scene, PASSWORD)


def test_without_a_mailer_an_email_changes_immediately(scene: AuthScene) -> None:
    olga = scene.organiser()
    scene.organiser("otto")
    assert not change_email(scene, olga.metadata, "Olga@example.com")
    assert may_log_in(scene, PASSWORD, "olga@EXAMPLE.com")
    assert not may_log_in(scene, PASSWORD, "olga@example.org")
    with raises_fault(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FORM") as refusal:
        change_email(scene, olga.metadata, "OTTO@example.org")
    assert refusal.violations == {"email": "email_taken"}
    with raises_fault(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FORM"):
        change_email(scene, olga.metadata, "no address")
    assert scene.stub.GetUser(pb.GetUserRequest(), metadata=olga.metadata).email == "Olga@example.com"


def test_a_reset_link_sets_a_password_once_and_ends_every_session(scene: AuthScene) -> None:
    scene.organiser()
    tokens, link, spare = log_in(scene), make_reset(scene), make_reset(scene, "olga@example.org")
    sign_in = scene.stub.CreateSignInLink(pb.CreateSignInLinkRequest(), metadata=by(tokens)).token
    with raises_fault(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FORM"):
        reset(scene, link, "short")
    assert reset(scene, link) == "olga"
    assert (may_log_in(scene, PASSWORD), may_log_in(scene, NEW)) == (False, True)
    with raises_fault(UNAUTHENTICATED, "INVALID_REFRESH_TOKEN"):
        refresh(scene, tokens)
    for old in (link, spare, "unknown", "", "a\0b"):
        with raises_fault(UNAUTHENTICATED, "INVALID_SIGN_IN_LINK"):
            reset(scene, old, "yet another horse")
    with raises_fault(UNAUTHENTICATED, "INVALID_SIGN_IN_LINK"):
        scene.stub.SignIn(pb.SignInRequest(token=sign_in))
    assert not may_log_in(scene, "yet another horse")


def test_an_expired_link_is_rejected_and_deleted(scene: AuthScene) -> None:
    scene.organiser()
    link = make_reset(scene)
    assert link not in str(scene.sql("SELECT * FROM auth.account_links"))
    ((left,),) = scene.sql("SELECT extract(epoch FROM expires_at - now()) FROM auth.account_links")
    assert 86_000 < left <= 86_400
    scene.sql("UPDATE auth.account_links SET expires_at = now()")
    with raises_fault(UNAUTHENTICATED, "INVALID_SIGN_IN_LINK"):
        reset(scene, link)
    scene.auth.tidy()
    assert scene.sql("SELECT FROM auth.account_links") == []
    assert may_log_in(scene, PASSWORD)


def test_an_unknown_link_is_rejected_before_hashing(scene: AuthScene) -> None:
    before = len(scene.passwords.work)
    with raises_fault(UNAUTHENTICATED, "INVALID_SIGN_IN_LINK"):
        reset(scene, "unknown")
    assert len(scene.passwords.work) == before


def test_of_concurrent_uses_of_a_link_one_succeeds(scene: AuthScene) -> None:
    scene.organiser()
    link = make_reset(scene)
    with ThreadPoolExecutor(4) as pool:
        tries = [pool.submit(reset, scene, link, f"{NEW} {n}") for n in range(4)]
        faults = [one.exception() for one in tries]
    assert sum(fault is None for fault in faults) == 1
    assert sum(may_log_in(scene, f"{NEW} {n}") for n in range(4)) == 1


def test_without_a_mailer_a_reset_by_email_is_rejected(scene: AuthScene) -> None:
    with raises_fault(grpc.StatusCode.NOT_FOUND, "MAIL_NOT_OFFERED"):
        scene.stub.SendPasswordReset(pb.SendPasswordResetRequest(email="o@example.org", language="en"))


def log_in_late(scene: AuthScene, monkeypatch: pytest.MonkeyPatch) -> int:
    """Changes the password between a login's password check and the start of its session; returns how many sessions
    there are then, besides the one that changed it."""
    scene.organiser()
    mine = log_in(scene)
    find = scene.auth.sessions._find_last_event

    def change_first(user_id):  # type: ignore[no-untyped-def]
        monkeypatch.setattr(scene.auth.sessions, "_find_last_event", find)
        change(scene, by(mine))
        return find(user_id)

    monkeypatch.setattr(scene.auth.sessions, "_find_last_event", change_first)
    may_log_in(scene, PASSWORD)
    return len(listed(scene, mine)) - 1


def test_a_login_with_the_old_password_does_not_outlive_the_change(
    scene: AuthScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert log_in_late(scene, monkeypatch) == 0


def test_control_a_login_without_the_second_check_outlives_the_change(
    scene: AuthScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    add: Callable[..., bool] = SessionStore.add_session
    monkeypatch.setattr(SessionStore, "add_session", lambda store, user, session, _: add(store, user, session))
    assert log_in_late(scene, monkeypatch) == 1


def test_of_two_changes_from_the_same_old_password_the_second_is_rejected(
    scene: AuthScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.organiser()
    mine = log_in(scene)
    hash_password = scene.passwords.hash

    def change_first(password: str) -> str:
        monkeypatch.setattr(scene.passwords, "hash", hash_password)
        change(scene, by(mine))
        return hash_password(password)

    monkeypatch.setattr(scene.passwords, "hash", change_first)
    with raises_fault(UNAUTHENTICATED, "INVALID_CREDENTIALS"):
        change(scene, by(mine), new="the other horse")
    assert may_log_in(scene, NEW)


def test_common_passwords_are_rejected(scene: AuthScene) -> None:
    olga = scene.organiser()
    event, mine, link = scene.event(olga), log_in(scene), make_reset(scene)
    vera = scene.visitor(event)
    named = {"username": "Rosamunde", "email": "rosamunde@example.org"}
    calls: list[tuple[str, Callable[[], object]]] = [
        ("password", lambda: scene.stub.Register(register_form(event, password="password1"))),
        ("password", lambda: scene.stub.Register(register_form(event, **{**named, "password": "rosamunde1"}))),
        (
            "password",
            lambda: scene.stub.SetCredentials(
                pb.SetCredentialsRequest(**named, password="Rosamunde1"), metadata=vera.metadata
            ),
        ),
        ("new_password", lambda: change(scene, by(mine), new="12345678")),
        ("password", lambda: reset(scene, link, "qwertyuiop")),
    ]
    for field, call in calls:
        with raises_fault(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FORM") as refusal:
            call()
        assert refusal.violations == {field: "password_too_common"}
    assert may_log_in(scene, PASSWORD)
