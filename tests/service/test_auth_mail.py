"""E-mail from the wish to the mailbox: rows, claims and fences, in front of a real SMTP server."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Event as Signal
from uuid import UUID

import grpc
import pytest

from auth_service.letters import Post
from auth_service.mailer import Looker, Sender
from auth_service.mails import MailJob, MailKind
from auth_service.service.notices import Notices
from auth_service.smtp import MailSender, MailServer, MailServerUnavailable
from auth_service.store import MailStore, Stores
from auth_service.tokens import TokenMaker, hash_token
from protos.auth.v1 import auth_pb2 as pb
from tests.service.auth_fixtures import AuthScene, Person
from tests.service.calls import refused
from tests.service.smtp_server import ACCEPT_AND_HANG_UP, HANG_UP, SmtpServer, running_smtp

LEASE_S = 60.0
SITE = "https://party.example"


@dataclass
class Mail:
    """The mailer, step by step; `photos` is what matcher_service would count."""

    scene: AuthScene
    smtp: SmtpServer
    photos: dict[UUID, int] = field(default_factory=dict)
    asked: list[tuple[UUID, list[UUID]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.stores = Stores(self.scene.db)
        self.scene.auth.notices = Notices(self.stores, True)
        self.make_token = TokenMaker(self.scene.sign("auth")).make_refresh
        self.looker = Looker(self.stores.notices, self.count, self.make_token)
        self.sender = self.make_sender(self.stores.mails)

    def make_sender(self, store: MailStore) -> Sender:
        server = MailSender(MailServer.parse(self.smtp.url), "photos@example.org", "party.example", 10)
        return Sender(store, Post("photos@example.org", SITE), server, self.make_token, LEASE_S, Signal())

    def count(self, event_id: UUID, user_ids: Sequence[UUID]) -> Mapping[UUID, int]:
        self.asked.append((event_id, list(user_ids)))
        return {user: self.photos[user] for user in user_ids if user in self.photos}

    def leave(self, event: pb.Event, guest: Person, email: str = "Gina@example.org", language: str = "en") -> None:
        request = pb.SetNoticeRequest(event_id=event.event_id, email=email, language=language)
        self.scene.stub.SetNotice(request, metadata=guest.metadata)

    def appear(self, guest: Person, event: pb.Event) -> None:
        """Photos of a guest are there, and the matcher says so."""
        self.photos[UUID(guest.user_id)] = 3
        self.looker.hear([(UUID(event.event_id), [UUID(guest.user_id)])])

    def ask_for_link(self, email: str, code: str = "") -> None:
        self.scene.stub.SendSignInLink(pb.SendSignInLinkRequest(email=email, event_code=code, language="fr"))

    def work(self) -> None:
        """All that there is to do now."""
        while self.looker.step():
            pass
        while self.sender.step():
            pass

    def pass_time(self, seconds: int) -> None:
        self.scene.sql(
            "UPDATE auth.mails SET created_at = created_at - make_interval(secs => :s),"
            " retry_at = retry_at - make_interval(secs => :s), lease_until = lease_until - make_interval(secs => :s)",
            s=seconds,
        )

    def states(self) -> list[str]:
        return [row.state for row in self.scene.sql("SELECT state FROM auth.mails ORDER BY created_at")]

    def notice_of(self, guest: Person) -> str:
        return str(self.scene.memberships(guest)[0].notice_email)


@pytest.fixture(scope="module")
def shared_smtp() -> Iterator[SmtpServer]:
    with running_smtp() as smtp:
        yield smtp


@pytest.fixture
def mail(scene: AuthScene, shared_smtp: SmtpServer) -> Mail:
    shared_smtp.answers.clear()
    shared_smtp.at_rcpt.clear()
    shared_smtp.received.clear()
    shared_smtp.attempts = 0
    return Mail(scene, shared_smtp)


@pytest.fixture
def event(scene: AuthScene) -> pb.Event:
    return scene.event(scene.organiser(), "Garden <b>party</b>")


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


@pytest.fixture
def waiting(mail: Mail, event: pb.Event) -> Mail:
    """An e-mail about first photos waits."""
    guest = mail.scene.visitor(event)
    mail.leave(event, guest)
    mail.appear(guest, event)
    while mail.looker.step():
        pass
    return mail


@pytest.mark.parametrize("place", ["answers", "at_rcpt"])
def test_what_a_server_defers_is_tried_again_later(waiting: Mail, place: str) -> None:
    getattr(waiting.smtp, place).append("451 Later, Gina@example.org")
    waiting.work()
    assert (waiting.states(), waiting.smtp.attempts) == (["waiting"], 1)
    waiting.work()
    assert waiting.smtp.attempts == 1, "not at once"
    waiting.pass_time(60)
    waiting.work()
    assert waiting.states() == ["sent"]
    assert len(waiting.smtp.received) == 1


@pytest.mark.parametrize("place", ["answers", "at_rcpt"])
def test_what_a_server_refuses_has_failed(waiting: Mail, place: str, event: pb.Event) -> None:
    getattr(waiting.smtp, place).append("550 No Gina@example.org here")
    waiting.work()
    assert waiting.scene.sql("SELECT state, address FROM auth.mails") == [("failed", None)]
    waiting.looker.hear([None])
    waiting.work()
    assert waiting.smtp.attempts == 1, "an address that does not exist is not tried again"


def test_after_a_refusal_another_address_gets_the_e_mail(waiting: Mail, event: pb.Event) -> None:
    waiting.smtp.answers.append("550 nobody")
    waiting.work()
    (user,) = waiting.photos
    guest = Person(str(user), "", waiting.scene.as_user(str(user)))
    waiting.leave(event, guest, "right@example.org")
    waiting.work()
    assert [received.to for received in waiting.smtp.received] == [["right@example.org"]]


def test_a_server_that_hangs_up_is_tried_again_with_the_same_message_id(waiting: Mail) -> None:
    waiting.smtp.answers += [HANG_UP, ACCEPT_AND_HANG_UP]
    for _ in range(3):
        waiting.work()
        waiting.pass_time(1800)
    first, second = waiting.smtp.received
    assert first.message["Message-ID"] == second.message["Message-ID"]
    assert waiting.states() == ["sent"]


def test_an_e_mail_is_given_up_after_a_day(waiting: Mail) -> None:
    waiting.smtp.answers += ["451 later", "451 later"]
    waiting.work()
    waiting.pass_time(25 * 3600)
    waiting.work()
    assert waiting.scene.sql("SELECT state, address FROM auth.mails") == [("failed", None)]


def test_a_server_that_is_away_is_waited_for(waiting: Mail) -> None:
    server = MailSender(MailServer("127.0.0.1", 1, False), "photos@example.org", "x", 10)
    post = Post("photos@example.org", SITE)
    sender = Sender(waiting.stores.mails, post, server, waiting.make_token, LEASE_S, Signal())
    with pytest.raises(MailServerUnavailable):
        sender.step()
    assert waiting.states() == ["waiting"]
    waiting.pass_time(60)
    waiting.work()
    assert waiting.states() == ["sent"]


def claim(mail: Mail) -> MailJob:
    job = mail.stores.mails.claim(LEASE_S)
    assert job
    return job


def test_an_e_mail_is_sending_before_the_server_hears_of_it(waiting: Mail) -> None:
    seen: list[list[str]] = []
    send = waiting.sender._server.send

    def watch(*arguments: object) -> None:
        seen.append(waiting.states())
        send(*arguments)  # type: ignore[arg-type]

    waiting.sender._server.send = watch  # type: ignore[method-assign]
    waiting.work()
    assert (seen, waiting.states()) == ([["sending"]], ["sent"])


def test_a_claim_is_one_mailers_until_its_lease_ends(waiting: Mail) -> None:
    job = claim(waiting)
    assert waiting.stores.mails.claim(LEASE_S) is None
    waiting.pass_time(int(LEASE_S) + 1)
    later = claim(waiting)
    assert (later.id, later.attempt) == (job.id, 2)
    assert waiting.stores.mails.begin(job, "t", hash_token("t")) is None, "the claim is lost"
    assert not waiting.stores.mails.finish(job)
    assert not waiting.stores.mails.defer(job)
    assert waiting.stores.mails.begin(later, "t", hash_token("t"))
    assert waiting.stores.mails.finish(later)


def test_a_claim_is_given_back_only_while_no_copy_is_out(waiting: Mail) -> None:
    job = claim(waiting)
    waiting.stores.mails.release(job)
    again = claim(waiting)
    waiting.stores.mails.begin(again, "t", hash_token("t"))
    waiting.stores.mails.release(again)
    assert waiting.stores.mails.claim(LEASE_S) is None
    waiting.pass_time(int(LEASE_S) + 1)
    waiting.work()
    assert len(waiting.smtp.received) == 1, "the mailer that died may have sent it: at most a second copy"


def test_an_address_changed_between_claim_and_send_gets_the_e_mail(waiting: Mail, event: pb.Event) -> None:
    job = claim(waiting)
    waiting.scene.sql("UPDATE auth.mails SET state = 'sending'")
    (user,) = waiting.photos
    waiting.leave(event, Person(str(user), "", waiting.scene.as_user(str(user))), "new@example.org")
    assert waiting.stores.mails.begin(job, "t", hash_token("t")) is None
    waiting.work()
    assert [received.to for received in waiting.smtp.received] == [["new@example.org"]]


def test_the_queue_is_measured_and_old_links_are_deleted(waiting: Mail, event: pb.Event) -> None:
    assert waiting.stores.mails.read_queue()[0] == 1
    waiting.scene.guest(event, "gina")
    waiting.ask_for_link("gina@example.org")
    waiting.work()
    assert waiting.stores.mails.read_queue() == (0, 0)
    waiting.pass_time(2 * 24 * 3600)
    waiting.scene.auth.tidy()
    assert waiting.scene.sql("SELECT kind FROM auth.mails") == [(MailKind.FIRST_PHOTOS.value,)]


class NoFence(MailStore):
    """Control: writes whatever claim it had."""

    def finish(self, job: MailJob) -> bool:
        with self._engine.begin() as connection:
            connection.exec_driver_sql("UPDATE auth.mails SET state = 'sent', address = NULL")
        return True


def test_control_without_a_fence_a_late_mailer_ends_the_claim_of_another(waiting: Mail) -> None:
    store = NoFence(waiting.scene.db)
    job = claim(waiting)
    waiting.pass_time(int(LEASE_S) + 1)
    claim(waiting)
    assert store.finish(job)
    assert waiting.states() == ["sent"]
