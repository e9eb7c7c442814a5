"""E-mails end to end: which ones are sent, to which addresses, and when none is sent."""

from collections.abc import Mapping
from uuid import UUID

import grpc
import pytest

from auth_service.smtp import MailServerUnavailable
from protos.auth.v1 import auth_pb2 as pb
from tests.auth.mail import SITE, Mail
from tests.auth.scene import AuthScene
from tests.harness.calls import raises_fault


def test_one_email_is_sent_when_photos_first_appear(mail: Mail, event: pb.Event) -> None:
    guest, other = mail.scene.visitor(event), mail.scene.visitor(event)
    mail.leave(event, guest)
    mail.leave(event, other, "other@example.org")
    mail.work()
    assert mail.smtp.received == []
    for _ in range(3):
        mail.appear(guest, event)
        mail.work()
    (received,) = mail.smtp.received
    assert (received.sender, received.to) == ("photos@example.org", ["Gina@example.org"])
    assert received.link == f"{SITE}/my/{event.event_id}"
    assert "Garden &lt;b&gt;party" in received.html
    assert mail.scene.sql("SELECT state, address FROM auth.mails") == [("sent", None)]


def test_existing_photos_are_announced_immediately_and_only_once(mail: Mail, event: pb.Event) -> None:
    guest = mail.scene.visitor(event)
    mail.photos[UUID(guest.user_id)] = 1
    mail.leave(event, guest)
    mail.work()
    mail.leave(event, guest, "new@example.org")
    mail.work()
    assert [received.to for received in mail.smtp.received] == [["Gina@example.org"]]
    assert mail.notice_of(guest) == "new@example.org"


def test_a_start_checks_all_pending_notices(mail: Mail, event: pb.Event) -> None:
    guest = mail.scene.visitor(event)
    mail.leave(event, guest)
    mail.work()
    mail.photos[UUID(guest.user_id)] = 1
    mail.work()
    assert mail.smtp.received == [], "the hint was lost"
    mail.looker.hear([None])
    mail.work()
    assert len(mail.smtp.received) == 1
    mail.asked.clear()
    mail.looker.hear([None])
    mail.work()
    assert mail.asked == [], "no notice is pending"


def test_an_unavailable_matcher_loses_no_email(mail: Mail, event: pb.Event, monkeypatch: pytest.MonkeyPatch) -> None:
    guest = mail.scene.visitor(event)
    mail.photos[UUID(guest.user_id)] = 1
    mail.leave(event, guest)

    def fail(*_: object) -> Mapping[UUID, int]:
        raise MailServerUnavailable

    with monkeypatch.context() as patch:
        patch.setattr(mail.looker, "_count", fail)
        with pytest.raises(MailServerUnavailable):
            mail.looker.step()
    mail.work()
    assert len(mail.smtp.received) == 1


def test_a_guest_can_read_and_delete_their_address(mail: Mail, event: pb.Event) -> None:
    guest = mail.scene.visitor(event)
    mail.leave(event, guest)
    assert mail.notice_of(guest) == "Gina@example.org"
    mail.appear(guest, event)
    while mail.looker.step():
        pass
    request = pb.DeleteNoticeRequest(event_id=event.event_id)
    mail.scene.stub.DeleteNotice(request, metadata=guest.metadata)
    mail.scene.stub.DeleteNotice(request, metadata=guest.metadata)
    mail.work()
    assert mail.notice_of(guest) == ""
    assert mail.smtp.received == []
    assert mail.scene.sql("SELECT FROM auth.mails") == []


@pytest.mark.parametrize("way", ["leave", "erase", "delete the event"])
def test_addresses_are_deleted_with_the_guest_and_with_the_event(mail: Mail, way: str) -> None:
    organiser = mail.scene.organiser()
    event = mail.scene.event(organiser)
    guest = mail.scene.visitor(event)
    mail.leave(event, guest)
    mail.appear(guest, event)
    while mail.looker.step():
        pass
    match way:
        case "leave":
            mail.scene.stub.LeaveEvent(pb.LeaveEventRequest(event_id=event.event_id), metadata=guest.metadata)
        case "erase":
            mail.scene.stub.DeleteUser(pb.DeleteUserRequest(), metadata=guest.metadata)
        case _:
            mail.scene.stub.DeleteEvent(pb.DeleteEventRequest(event_id=event.event_id), metadata=organiser.metadata)
    mail.work()
    assert mail.smtp.received == []
    assert mail.scene.sql("SELECT FROM auth.notices") == []
    assert mail.scene.sql("SELECT FROM auth.mails WHERE address IS NOT NULL") == []


def test_an_unsubscribed_address_gets_no_further_email_about_the_event(mail: Mail, event: pb.Event) -> None:
    guest, other = mail.scene.visitor(event), mail.scene.visitor(event)
    mail.leave(event, guest)
    mail.appear(guest, event)
    mail.work()
    mail.leave(event, other, "gina@EXAMPLE.org")
    mail.appear(other, event)
    while mail.looker.step():
        pass
    token = mail.smtp.received[0].message["List-Unsubscribe"].strip("<>").rpartition("/")[2]
    for _ in range(2):
        mail.scene.stub.Unsubscribe(pb.UnsubscribeRequest(token=token))
    mail.scene.stub.Unsubscribe(pb.UnsubscribeRequest(token="unknown"))
    mail.work()
    assert len(mail.smtp.received) == 1
    assert (mail.notice_of(guest), mail.notice_of(other)) == ("", "")
    with raises_fault(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FORM") as refusal:
        mail.leave(event, other)
    assert refusal.violations == {"email": "unsubscribed"}
    assert "gina" not in str(mail.scene.sql("SELECT * FROM auth.unsubscribed"))


def test_setting_an_address_needs_a_membership_and_a_valid_address(mail: Mail, event: pb.Event) -> None:
    guest, stranger = mail.scene.visitor(event), mail.scene.stranger()
    with raises_fault(grpc.StatusCode.NOT_FOUND, "EVENT_NOT_FOUND"):
        mail.leave(event, stranger)
    with raises_fault(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FORM") as refusal:
        mail.leave(event, guest, "a@b\r\nBcc: c@example.org", "de")
    assert refusal.violations == {"email": "invalid_email", "language": "invalid_language"}


def test_without_a_mail_server_mail_rpcs_are_rejected(scene: AuthScene) -> None:
    event = scene.event(scene.organiser())
    guest = scene.visitor(event)
    with raises_fault(grpc.StatusCode.NOT_FOUND, "MAIL_NOT_OFFERED"):
        scene.stub.SetNotice(pb.SetNoticeRequest(event_id=event.event_id), metadata=guest.metadata)
    with raises_fault(grpc.StatusCode.NOT_FOUND, "MAIL_NOT_OFFERED"):
        scene.stub.SendSignInLink(pb.SendSignInLinkRequest(email="a@example.org"))


def test_a_sign_in_link_is_sent_to_the_account_and_signs_in_once(mail: Mail, event: pb.Event) -> None:
    gina = mail.scene.guest(event, "gina")
    mail.ask_for_link("GINA@example.org")
    mail.ask_for_link("nobody@example.org")
    mail.work()
    (received,) = mail.smtp.received
    assert received.to == ["gina@example.org"]
    assert received.message["Content-Language"] == "fr"
    page, _, token = received.link.partition("#")
    assert page == f"{SITE}/sign-in"
    assert mail.scene.stub.SignIn(pb.SignInRequest(token=token)).user_id == gina.user_id
    (row,) = mail.scene.sql("SELECT used_at, expires_at - now() AS left FROM auth.sign_in_links")
    assert row.used_at is not None
    assert 3500 < row.left.total_seconds() <= 3600
    mail.scene.sql("UPDATE auth.sign_in_links SET used_at = used_at - interval '11 s'")
    with raises_fault(grpc.StatusCode.UNAUTHENTICATED, "INVALID_SIGN_IN_LINK"):
        mail.scene.stub.SignIn(pb.SignInRequest(token=token))


def test_a_sign_in_link_is_sent_to_the_address_a_guest_set_in_this_event(mail: Mail, event: pb.Event) -> None:
    elsewhere = mail.scene.event(mail.scene.organiser("otto"), "Elsewhere")
    guest, registered = mail.scene.visitor(event), mail.scene.guest(event, "reg")
    mail.leave(event, guest)
    mail.leave(event, registered)
    mail.ask_for_link("gina@example.org", elsewhere.event_code)
    mail.ask_for_link("gina@example.org", "UNKNOWN")
    mail.work()
    assert mail.smtp.received == []
    mail.ask_for_link("gina@example.org", event.event_code.lower())
    mail.work()
    (received,) = mail.smtp.received
    token = received.link.partition("#")[2]
    assert mail.scene.stub.SignIn(pb.SignInRequest(token=token)).user_id == guest.user_id, (
        "an account with a password gets links only at its own address"
    )


def test_the_link_of_an_organiser_opens_the_organiser_page(mail: Mail) -> None:
    mail.scene.organiser("olga")
    mail.ask_for_link("olga@example.org")
    mail.work()
    assert mail.smtp.received[0].link.startswith(f"{SITE}/sign-in?to=organiser#")


def test_an_account_gets_one_link_at_a_time_and_five_per_hour(mail: Mail, event: pb.Event) -> None:
    mail.scene.guest(event, "gina")
    mail.ask_for_link("gina@example.org")
    mail.ask_for_link("gina@example.org")
    mail.work()
    assert len(mail.smtp.received) == 1
    for _ in range(6):
        mail.ask_for_link("gina@example.org")
        mail.work()
    assert len(mail.smtp.received) == 5
