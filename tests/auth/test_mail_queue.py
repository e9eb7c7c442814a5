"""The queue of e-mails: claims, fences, and retries of e-mails that the server does not accept."""

from threading import Event as Signal

import pytest

from auth_service.letters import Post
from auth_service.mailer import Sender
from auth_service.mails import MailJob, MailKind
from auth_service.smtp import MailSender, MailServer, MailServerUnavailable
from auth_service.store import MailStore
from auth_service.tokens import hash_token
from protos.auth.v1 import auth_pb2 as pb
from tests.auth.mail import LEASE_S, SITE, Mail
from tests.auth.scene import Person
from tests.harness.smtp_server import ACCEPT_AND_HANG_UP, HANG_UP


@pytest.fixture
def waiting(mail: Mail, event: pb.Event) -> Mail:
    """A mailer whose queue holds one e-mail about first photos."""
    guest = mail.scene.visitor(event)
    mail.leave(event, guest)
    mail.appear(guest, event)
    while mail.looker.step():
        pass
    return mail


@pytest.mark.parametrize("place", ["answers", "at_rcpt"])
def test_an_email_deferred_by_the_server_is_retried_later(waiting: Mail, place: str) -> None:
    getattr(waiting.smtp, place).append("451 Later, Gina@example.org")
    waiting.work()
    assert (waiting.states(), waiting.smtp.attempts) == (["waiting"], 1)
    waiting.work()
    assert waiting.smtp.attempts == 1, "it is not retried immediately"
    waiting.pass_time(60)
    waiting.work()
    assert waiting.states() == ["sent"]
    assert len(waiting.smtp.received) == 1


@pytest.mark.parametrize("place", ["answers", "at_rcpt"])
def test_an_email_rejected_by_the_server_fails(waiting: Mail, place: str, event: pb.Event) -> None:
    getattr(waiting.smtp, place).append("550 No Gina@example.org here")
    waiting.work()
    assert waiting.scene.sql("SELECT state, address FROM auth.mails") == [("failed", None)]
    waiting.looker.hear([None])
    waiting.work()
    assert waiting.smtp.attempts == 1, "an address that does not exist is not retried"


def test_after_a_rejection_a_new_address_gets_the_email(waiting: Mail, event: pb.Event) -> None:
    waiting.smtp.answers.append("550 nobody")
    waiting.work()
    (user,) = waiting.photos
    guest = Person(str(user), "", waiting.scene.as_user(str(user)))
    waiting.leave(event, guest, "right@example.org")
    waiting.work()
    assert [received.to for received in waiting.smtp.received] == [["right@example.org"]]


def test_a_disconnected_server_is_retried_with_the_same_message_id(waiting: Mail) -> None:
    waiting.smtp.answers += [HANG_UP, ACCEPT_AND_HANG_UP]
    for _ in range(3):
        waiting.work()
        waiting.pass_time(1800)
    first, second = waiting.smtp.received
    assert first.message["Message-ID"] == second.message["Message-ID"]
    assert waiting.states() == ["sent"]


def test_an_email_fails_after_a_day_of_retries(waiting: Mail) -> None:
    waiting.smtp.answers += ["451 later", "451 later"]
    waiting.work()
    waiting.pass_time(25 * 3600)
    waiting.work()
    assert waiting.scene.sql("SELECT state, address FROM auth.mails") == [("failed", None)]


def test_an_email_waits_for_an_unavailable_server(waiting: Mail) -> None:
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


def test_an_email_is_marked_as_sending_before_it_is_sent(waiting: Mail) -> None:
    seen: list[list[str]] = []
    send = waiting.sender._server.send

    def watch(*arguments: object) -> None:
        seen.append(waiting.states())
        send(*arguments)  # type: ignore[arg-type]

    waiting.sender._server.send = watch  # type: ignore[method-assign, assignment]
    waiting.work()
    assert (seen, waiting.states()) == ([["sending"]], ["sent"])


def test_a_claim_is_exclusive_until_its_lease_ends(waiting: Mail) -> None:
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


def test_a_claim_is_released_only_before_sending_begins(waiting: Mail) -> None:
    job = claim(waiting)
    waiting.stores.mails.release(job)
    again = claim(waiting)
    waiting.stores.mails.begin(again, "t", hash_token("t"))
    waiting.stores.mails.release(again)
    assert waiting.stores.mails.claim(LEASE_S) is None
    waiting.pass_time(int(LEASE_S) + 1)
    waiting.work()
    assert len(waiting.smtp.received) == 1, "the mailer that died may have sent it; at most a second copy follows"


def test_an_address_changed_between_claim_and_send_gets_the_email(waiting: Mail, event: pb.Event) -> None:
    job = claim(waiting)
    waiting.scene.sql("UPDATE auth.mails SET state = 'sending'")
    (user,) = waiting.photos
    waiting.leave(event, Person(str(user), "", waiting.scene.as_user(str(user))), "new@example.org")
    assert waiting.stores.mails.begin(job, "t", hash_token("t")) is None
    waiting.work()
    assert [received.to for received in waiting.smtp.received] == [["new@example.org"]]


def test_the_queue_is_measured_and_old_link_emails_are_deleted(waiting: Mail, event: pb.Event) -> None:
    assert waiting.stores.mails.read_queue()[0] == 1
    waiting.scene.guest(event, "gina")
    waiting.ask_for_link("gina@example.org")
    waiting.work()
    assert waiting.stores.mails.read_queue() == (0, 0)
    waiting.pass_time(2 * 24 * 3600)
    waiting.scene.auth.tidy()
    assert waiting.scene.sql("SELECT kind FROM auth.mails") == [(MailKind.FIRST_PHOTOS.value,)]


class NoFence(MailStore):
    """A broken twin: finishes an e-mail without checking the claim."""

    def finish(self, job: MailJob) -> bool:
        with self._engine.begin() as connection:
            connection.exec_driver_sql("UPDATE auth.mails SET state = 'sent', address = NULL")
        return True


def test_control_without_a_fence_a_late_mailer_finishes_the_claim_of_another(waiting: Mail) -> None:
    store = NoFence(waiting.scene.db)
    job = claim(waiting)
    waiting.pass_time(int(LEASE_S) + 1)
    claim(waiting)
    assert store.finish(job)
    assert waiting.states() == ["sent"]
