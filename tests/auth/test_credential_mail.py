"""E-mailed links that set a password or confirm an address: recipients, effects, and what they do not reveal."""

import re

import grpc
import pytest

from auth_service.service.credentials import Credentials
from protos.auth.v1 import auth_pb2 as pb
from tests.auth.mail import Mail
from tests.auth.scene import PASSWORD, AuthScene
from tests.auth.test_credentials import NEW, UNAUTHENTICATED, change, change_email, may_log_in, reset
from tests.auth.test_session_list import by, log_in
from tests.harness.calls import raises_fault


@pytest.fixture(autouse=True)
def offered(mail: Mail) -> None:
    scene = mail.scene
    scene.auth.credentials = Credentials(mail.stores, scene.passwords, True)


def ask(scene: AuthScene, email: str, language: str = "en") -> None:
    scene.stub.SendPasswordReset(pb.SendPasswordResetRequest(email=email, language=language))


def sent_links(mail: Mail, page: str) -> list[tuple[str, str]]:
    """Recipient and token of each link sent so far."""
    mail.work()
    found = []
    for received in mail.smtp.received:
        tokens = re.findall(rf"https://party\.example/{page}#([\w-]+)", received.plain)
        found += [(received.to[0], token) for token in tokens]
    return found


def confirm(scene: AuthScene, token: str) -> None:
    scene.stub.ConfirmEmail(pb.ConfirmEmailRequest(token=token))


def email_of(scene: AuthScene, user_id: str) -> str:
    return str(scene.sql("SELECT email FROM auth.users WHERE id = :id", id=user_id)[0][0])


def test_a_password_reset_link_is_sent_to_the_email_of_the_account(scene: AuthScene, mail: Mail) -> None:
    scene.organiser()
    ask(scene, "OLGA@example.org", "fr")
    [(to, token)] = sent_links(mail, "password")
    assert to == "olga@example.org"
    assert reset(scene, token) == "olga"
    assert may_log_in(scene, NEW)


def test_a_reset_request_does_not_reveal_whether_an_account_exists(scene: AuthScene, mail: Mail) -> None:
    event = scene.event(scene.organiser())
    mail.leave(event, scene.visitor(event), "vera@example.org")
    for unknown in ("nobody@example.org", "vera@example.org"):
        ask(scene, unknown)
    assert sent_links(mail, "password") == []
    with raises_fault(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FORM"):
        ask(scene, "no address")


def test_an_account_gets_at_most_five_links_per_hour(scene: AuthScene, mail: Mail) -> None:
    scene.organiser()
    for _ in range(7):
        ask(scene, "olga@example.org")
        ask(scene, "olga@example.org")  # one is on its way
        mail.work()
    assert len(sent_links(mail, "password")) == 5


def test_a_new_email_takes_effect_when_its_link_is_used(scene: AuthScene, mail: Mail) -> None:
    olga = scene.organiser()
    assert change_email(scene, olga.metadata, "new@example.org")
    assert email_of(scene, olga.user_id) == "olga@example.org"
    [(to, token)] = sent_links(mail, "email")
    assert to == "new@example.org"
    with raises_fault(UNAUTHENTICATED, "INVALID_SIGN_IN_LINK"):
        reset(scene, token)  # it is valid for nothing else
    confirm(scene, token)
    assert email_of(scene, olga.user_id) == "new@example.org"
    for old in (token, "unknown"):
        with raises_fault(UNAUTHENTICATED, "INVALID_SIGN_IN_LINK"):
            confirm(scene, old)


def test_only_the_last_requested_email_gets_the_link(scene: AuthScene, mail: Mail) -> None:
    olga = scene.organiser()
    for address in ("typo@example.org", "right@example.org"):
        change_email(scene, olga.metadata, address)
    assert [to for to, _ in sent_links(mail, "email")] == ["right@example.org"]


def test_an_email_in_use_gets_no_link_and_the_response_is_the_same(scene: AuthScene, mail: Mail) -> None:
    olga, _ = scene.organiser(), scene.organiser("otto")
    assert change_email(scene, olga.metadata, "OTTO@example.org")
    assert sent_links(mail, "email") == []


def test_an_email_taken_meanwhile_is_not_confirmed(scene: AuthScene, mail: Mail) -> None:
    olga = scene.organiser()
    change_email(scene, olga.metadata, "new@example.org")
    [(_, token)] = sent_links(mail, "email")
    scene.organiser("new")
    with raises_fault(UNAUTHENTICATED, "INVALID_SIGN_IN_LINK"):
        confirm(scene, token)
    assert email_of(scene, olga.user_id) == "olga@example.org"


def test_a_new_email_revokes_the_links_sent_to_the_old_one(scene: AuthScene, mail: Mail) -> None:
    olga = scene.organiser()
    ask(scene, "olga@example.org")
    [(_, old)] = sent_links(mail, "password")
    change_email(scene, olga.metadata, "new@example.org")
    [(_, token)] = sent_links(mail, "email")
    ask(scene, "olga@example.org")  # waits while the address changes
    confirm(scene, token)
    assert len(sent_links(mail, "password")) == 1
    with raises_fault(UNAUTHENTICATED, "INVALID_SIGN_IN_LINK"):
        reset(scene, old)
    assert may_log_in(scene, PASSWORD)


def test_erasing_an_account_deletes_its_links(scene: AuthScene, mail: Mail) -> None:
    olga = scene.organiser()
    ask(scene, "olga@example.org")
    assert len(sent_links(mail, "password")) == 1
    scene.stub.DeleteUser(pb.DeleteUserRequest(), metadata=olga.metadata)
    assert scene.sql("SELECT FROM auth.account_links") == []


def list_notifications(mail: Mail) -> list[tuple[str, str]]:
    """Recipient and kind of each queued notification about an account."""
    query = "SELECT address, kind FROM auth.mails WHERE kind LIKE '%_changed' ORDER BY created_at"
    return [(row[0], row[1]) for row in mail.scene.sql(query)]


def test_the_old_email_is_notified_once_the_new_one_takes_effect(scene: AuthScene, mail: Mail) -> None:
    olga = scene.organiser()
    change_email(scene, olga.metadata, "new@example.org")
    [(_, token)] = sent_links(mail, "email")
    assert list_notifications(mail) == []
    confirm(scene, token)
    assert list_notifications(mail) == [("olga@example.org", "email_changed")]
    # An attacker who took over the account changes it once more: the first address is still notified.
    change_email(scene, olga.metadata, "newer@example.org")
    mail.work()
    [last] = [received for received in mail.smtp.received if "no longer uses this address" in received.plain]
    assert last.to == ["olga@example.org"]
    assert "new@example.org" not in last.plain


def test_every_password_change_is_notified_by_email(scene: AuthScene, mail: Mail) -> None:
    scene.organiser()
    change(scene, by(log_in(scene)), PASSWORD, NEW)
    assert list_notifications(mail) == [("olga@example.org", "password_changed")]
    ask(scene, "olga@example.org")
    [(_, token)] = sent_links(mail, "password")
    reset(scene, token)
    mail.work()
    news = [received.to for received in mail.smtp.received if "The password of your account" in received.plain]
    assert news == [["olga@example.org"]] * 2


def test_a_failed_change_is_not_notified(scene: AuthScene, mail: Mail) -> None:
    olga, other = scene.organiser(), scene.organiser("other")
    change_email(scene, olga.metadata, "new@example.org")
    [(_, token)] = sent_links(mail, "email")
    take = "UPDATE auth.users SET email = 'new@example.org', email_key = 'new@example.org' WHERE id = :id"
    scene.sql(take, id=other.user_id)
    with raises_fault(UNAUTHENTICATED, "INVALID_SIGN_IN_LINK"):
        confirm(scene, token)
    with raises_fault(UNAUTHENTICATED, "INVALID_CREDENTIALS"):
        change(scene, by(log_in(scene)), "not it", NEW)
    assert list_notifications(mail) == []


def test_without_a_mailer_no_notification_is_queued(scene: AuthScene, mail: Mail) -> None:
    scene.auth.credentials = Credentials(mail.stores, scene.passwords, False)
    olga = scene.organiser()
    change_email(scene, olga.metadata, "new@example.org")
    change(scene, by(log_in(scene)), PASSWORD, NEW)
    assert list_notifications(mail) == []
