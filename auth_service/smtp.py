"""Delivery of one e-mail over SMTP, and classification of the server's response.

Uses the standard library's client: the mailer is a thread that sends one e-mail at a time, and smtplib supports
STARTTLS, AUTH and SMTPUTF8, so an asyncio client would only add an event loop.
"""

import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from ipaddress import ip_address
from typing import Self
from urllib.parse import unquote, urlsplit

from email_validator import EmailNotValidError, validate_email

from kit.errors import Unavailable

PORTS = {"smtp": 587, "smtps": 465}
PERMANENT = range(500, 600)


class MailServerUnavailable(Unavailable):
    """The mail server is unreachable, or does not accept our connection."""


class MailRefused(Exception):
    """The server permanently rejected the e-mail. Its message is omitted, because it contains the address."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class MailDeferred(Exception):
    """The server temporarily rejected the e-mail."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class MailServer:
    """The mail server's address. `is_secure`: TLS from the first byte, otherwise STARTTLS if offered."""

    host: str
    port: int
    is_secure: bool
    user: str = ""
    password: str = ""

    @classmethod
    def parse(cls, url: str) -> Self:
        """Parses `smtp://user:password@host:port`. Raises ValueError, without the password in its message."""
        hint = "must be smtp://user:password@host:587 or smtps://user:password@host:465; %40 stands for @ in a name"
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError:
            raise ValueError(hint) from None
        is_whole = parts.path in ("", "/") and not parts.query and not parts.fragment
        if parts.scheme not in PORTS or not host or not is_whole or bool(parts.username) != bool(parts.password):
            raise ValueError(hint)
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        return cls(host, port or PORTS[parts.scheme], parts.scheme == "smtps", user, password)

    @property
    def is_local(self) -> bool:
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


class MailSender:
    """Sends e-mails. `name`: our host name in EHLO; `timeout_s`: the longest wait for each response of the server."""

    def __init__(
        self, server: MailServer, sender: str, name: str, timeout_s: float, tls: ssl.SSLContext | None = None
    ) -> None:
        self._server = server
        self._sender = sender
        self._name = name
        self._timeout_s = timeout_s
        self._tls = tls or ssl.create_default_context()

    def send(self, message: EmailMessage, to: str) -> None:
        """Returns when the server has accepted the e-mail. Raises MailRefused, MailDeferred, MailServerUnavailable.
        After the latter two the server may still have accepted it, if the connection was lost at the very end."""
        try:
            client = self._connect()
        except (smtplib.SMTPException, OSError) as error:
            raise MailServerUnavailable from error
        try:
            client.send_message(message, self._sender, [to_ascii(to)])
        except smtplib.SMTPRecipientsRefused as error:
            raise _fault(next(iter(error.recipients.values()))[0]) from None
        except smtplib.SMTPResponseException as error:
            raise _fault(error.smtp_code) from None
        except smtplib.SMTPNotSupportedError:
            raise MailRefused(553) from None  # a non-ASCII address, and the server does not support SMTPUTF8
        except (smtplib.SMTPException, OSError):
            raise MailDeferred(0) from None
        finally:
            _close(client)

    def _connect(self) -> smtplib.SMTP:
        """Returns a client that is ready to send. Raises SMTPException, OSError."""
        server = self._server
        client: smtplib.SMTP
        if server.is_secure:
            client = smtplib.SMTP_SSL(server.host, server.port, self._name, timeout=self._timeout_s, context=self._tls)
        else:
            client = smtplib.SMTP(server.host, server.port, self._name, timeout=self._timeout_s)
        try:
            client.ehlo_or_helo_if_needed()
            is_encrypted = server.is_secure
            if not is_encrypted and client.has_extn("starttls"):
                client.starttls(context=self._tls)
                client.ehlo()
                is_encrypted = True
            if server.user:
                if not is_encrypted and not server.is_local:
                    raise smtplib.SMTPNotSupportedError("no TLS: the password is not sent")
                client.login(server.user, server.password)
        except BaseException:
            client.close()
            raise
        return client


def to_ascii(address: str) -> str:
    """Returns an address with its domain in ASCII; addresses with other non-ASCII parts are returned unchanged."""
    try:
        found = validate_email(address, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return address  # the dots of Japanese mobile operators
    return found.ascii_email or address


def _fault(code: int) -> MailRefused | MailDeferred:
    return MailRefused(code) if code in PERMANENT else MailDeferred(code)


def _close(client: smtplib.SMTP) -> None:
    """The e-mail is already settled, so that errors are ignored."""
    try:
        client.quit()
    except (smtplib.SMTPException, OSError):
        client.close()
