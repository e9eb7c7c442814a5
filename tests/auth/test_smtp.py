"""Delivery to an SMTP server: TLS, passwords, and the meaning of its replies."""

import ssl
from email.message import EmailMessage
from pathlib import Path

import pytest

from auth_service.smtp import MailDeferred, MailRefused, MailSender, MailServer, MailServerUnavailable
from deploy.local.certificate import keep_certificate
from tests.harness.smtp_server import HANG_UP, running_smtp

# The test server warns of exactly what these tests check.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")


class Elsewhere(MailServer):
    """A server that counts as remote, although it runs on this machine."""

    @property
    def is_local(self) -> bool:
        return False


def message() -> EmailMessage:
    made = EmailMessage()
    made["To"], made["Subject"] = "gina@example.org", "é"
    made.set_content("Hello", cte="quoted-printable")
    return made


def send(server: MailServer, to: str = "gina@example.org", tls: ssl.SSLContext | None = None) -> None:
    MailSender(server, "photos@example.org", "party.example", 10, tls).send(message(), to)


@pytest.fixture
def contexts(tmp_path: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """TLS contexts of a server and of a client that trusts it."""
    certificate = keep_certificate(tmp_path, ["127.0.0.1"])
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(certificate.chain, certificate.key)
    return server, ssl.create_default_context(cafile=certificate.chain)


def test_starttls_is_used_when_offered_and_protects_the_password(
    contexts: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    with running_smtp(contexts[0], needs_login=True) as smtp:
        send(Elsewhere("127.0.0.1", smtp.port, False, "me@x", "secret"), tls=contexts[1])
        (received,) = smtp.received
    assert (received.is_encrypted, received.user) == (True, "me@x")


def test_an_untrusted_certificate_is_rejected(contexts: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    with running_smtp(contexts[0]) as smtp, pytest.raises(MailServerUnavailable):
        send(MailServer("127.0.0.1", smtp.port, False))


def test_a_password_is_sent_in_clear_only_to_the_local_machine() -> None:
    with running_smtp(needs_login=True) as smtp:
        with pytest.raises(MailServerUnavailable) as raised:
            send(Elsewhere("127.0.0.1", smtp.port, False, "me", "secret"))
        assert "the password is not sent" in str(raised.value.__cause__)
        assert smtp.received == []
        send(MailServer("127.0.0.1", smtp.port, False, "me", "secret"))
        assert smtp.received[0].user == "me"


def test_a_wrong_password_is_a_server_fault() -> None:
    with running_smtp(needs_login=True) as smtp, pytest.raises(MailServerUnavailable):
        send(MailServer("127.0.0.1", smtp.port, False, "me", "wrong"))


@pytest.mark.parametrize(
    ("answer", "fault"),
    [("451 later", MailDeferred), ("550 never", MailRefused), ("554 never", MailRefused), (HANG_UP, MailDeferred)],
)
def test_each_smtp_reply_raises_its_fault(answer: str, fault: type[Exception]) -> None:
    with running_smtp() as smtp:
        smtp.answers.append(answer)
        with pytest.raises(fault) as raised:
            send(MailServer("127.0.0.1", smtp.port, False))
    assert "gina" not in repr(raised.value)


def test_a_non_ascii_domain_is_sent_as_idna() -> None:
    with running_smtp() as smtp:
        send(MailServer("127.0.0.1", smtp.port, False), "gina@bücher.example")
        assert smtp.received[0].to == ["gina@xn--bcher-kva.example"]
