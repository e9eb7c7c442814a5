"""E-mail from the wish to the mailbox: who gets one, about what, and who gets none."""

from collections.abc import Mapping
from uuid import UUID

import grpc
import pytest

from auth_service.smtp import MailServerUnavailable
from protos.auth.v1 import auth_pb2 as pb
from tests.auth.mail import SITE, Mail
from tests.auth.scene import AuthScene
from tests.harness.calls import refused


def test_one_e_mail_is_sent_when_photos_first_appear(mail: Mail, event: pb.Event) -> None:
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


def test_photos_that_are_there_already_are_told_of_at_once_and_once(mail: Mail, event: pb.Event) -> None:
    guest = mail.scene.visitor(event)
    mail.photos[UUID(guest.user_id)] = 1
    mail.leave(event, guest)
    mail.work()
    mail.leave(event, guest, "new@example.org")
    mail.work()
    assert [received.to for received in mail.smtp.received] == [["Gina@example.org"]]
    assert mail.notice_of(guest) == "new@example.org"


def test_a_start_looks_at_all_who_wait(mail: Mail, event: pb.Event) -> None:
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
    assert mail.asked == [], "nobody waits any more"


def test_a_matcher_that_is_away_costs_nobody_their_e_mail(
    mail: Mail, event: pb.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    guest = mail.scene.visitor(event)
    mail.photos[UUID(guest.user_id)] = 1
    mail.leave(event, guest)

    def away(*_: object) -> Mapping[UUID, int]:
        raise MailServerUnavailable

    with monkeypatch.context() as patch:
        patch.setattr(mail.looker, "_count", away)
        with pytest.raises(MailServerUnavailable):
            mail.looker.step()
    mail.work()
    assert len(mail.smtp.received) == 1


def test_an_address_is_shown_to_its_guest_and_deleted_by_them(mail: Mail, event: pb.Event) -> None:
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
def test_addresses_go_with_the_guest_and_with_the_event(mail: Mail, way: str) -> None:
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


def test_an_address_that_unsubscribed_gets_nothing_more_about_the_event(mail: Mail, event: pb.Event) -> None:
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
    with refused(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FORM") as refusal:
        mail.leave(event, other)
    assert refusal.violations == {"email": "unsubscribed"}
    assert "gina" not in str(mail.scene.sql("SELECT * FROM auth.unsubscribed"))


def test_only_a_member_leaves_an_address_and_only_a_good_one(mail: Mail, event: pb.Event) -> None:
    guest, stranger = mail.scene.visitor(event), mail.scene.stranger()
    with refused(grpc.StatusCode.NOT_FOUND, "EVENT_NOT_FOUND"):
        mail.leave(event, stranger)
    with refused(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FORM") as refusal:
        mail.leave(event, guest, "a@b\r\nBcc: c@example.org", "de")
    assert refusal.violations == {"email": "invalid_email", "language": "invalid_language"}


def test_a_server_without_mail_offers_none(scene: AuthScene) -> None:
    event = scene.event(scene.organiser())
    guest = scene.visitor(event)
    with refused(grpc.StatusCode.NOT_FOUND, "MAIL_NOT_OFFERED"):
        scene.stub.SetNotice(pb.SetNoticeRequest(event_id=event.event_id), metadata=guest.metadata)
    with refused(grpc.StatusCode.NOT_FOUND, "MAIL_NOT_OFFERED"):
        scene.stub.SendSignInLink(pb.SendSignInLinkRequest(email="a@example.org"))


def test_a_link_goes_to_the_address_of_an_account_and_signs_in_once(mail: Mail, event: pb.Event) -> None:
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
    with refused(grpc.StatusCode.UNAUTHENTICATED, "INVALID_SIGN_IN_LINK"):
        mail.scene.stub.SignIn(pb.SignInRequest(token=token))


def test_a_link_goes_to_the_address_that_a_guest_left_in_this_event(mail: Mail, event: pb.Event) -> None:
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
        "an account with a password gets links at its own address alone"
    )


def test_an_organisers_link_leads_to_their_page(mail: Mail) -> None:
    mail.scene.organiser("olga")
    mail.ask_for_link("olga@example.org")
    mail.work()
    assert mail.smtp.received[0].link.startswith(f"{SITE}/sign-in?to=organiser#")


def test_an_account_gets_one_link_at_a_time_and_five_in_an_hour(mail: Mail, event: pb.Event) -> None:
    mail.scene.guest(event, "gina")
    mail.ask_for_link("gina@example.org")
    mail.ask_for_link("gina@example.org")
    mail.work()
    assert len(mail.smtp.received) == 1
    for _ in range(6):
        mail.ask_for_link("gina@example.org")
        mail.work()
    assert len(mail.smtp.received) == 5
