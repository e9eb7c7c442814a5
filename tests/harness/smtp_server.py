"""A real SMTP server that records e-mails and replies as the test says."""

import asyncio
import email
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default
from threading import Condition, Event
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

PATIENCE_S = 60.0
HANG_UP = "hang up"
ACCEPT_AND_HANG_UP = "accept and hang up"


@dataclass(frozen=True)
class Received:
    """An e-mail as the server received it."""

    sender: str
    to: list[str]
    message: EmailMessage
    is_encrypted: bool
    user: str

    @property
    def plain(self) -> str:
        part = self.message.get_body(("plain",))
        assert part
        return str(part.get_content())

    @property
    def html(self) -> str:
        part = self.message.get_body(("html",))
        assert part
        return str(part.get_content())

    @property
    def link(self) -> str:
        """The first URL in the text."""
        return next(word for word in self.plain.split() if word.startswith("http"))


@dataclass
class SmtpServer:
    """`answers`: the replies to the next e-mails, `at_rcpt`: to the next recipients; further ones are accepted."""

    port: int = 0
    answers: list[str] = field(default_factory=list)
    at_rcpt: list[str] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    attempts: int = 0
    news: Condition = field(default_factory=Condition)
    may_answer: Event = field(default_factory=Event)

    def __post_init__(self) -> None:
        self.may_answer.set()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def wait_for(self, count: int, timeout_s: float = 60) -> list[Received]:
        with self.news:
            assert self.news.wait_for(lambda: len(self.received) >= count, timeout_s), self.received
        return self.received

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        answer = self.at_rcpt.pop(0) if self.at_rcpt else ""
        if answer:
            self.attempts += 1
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.attempts += 1
        await asyncio.to_thread(self.may_answer.wait, PATIENCE_S)
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer.startswith("250") or answer == ACCEPT_AND_HANG_UP:
            message = email.message_from_bytes(envelope.content, policy=default)
            assert isinstance(message, EmailMessage)
            user = session.auth_data.login.decode() if session.auth_data else ""
            with self.news:
                self.received.append(
                    Received(envelope.mail_from, envelope.rcpt_tos, message, session.ssl is not None, user)
                )
                self.news.notify_all()
        if answer in (HANG_UP, ACCEPT_AND_HANG_UP):
            server.transport.abort()
            return "421 gone"
        return answer


class AnyPort(Controller):
    """Reads the port assigned for port 0 before it connects to itself."""

    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def running_smtp(
    tls: ssl.SSLContext | None = None, *, port: int = 0, needs_login: bool = False
) -> Iterator[SmtpServer]:
    """`tls`: it offers STARTTLS. `needs_login`: it requires the password `secret` of any user, even without TLS."""
    server = SmtpServer()

    def authenticate(_: Any, __: Any, ___: Any, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        return AuthResult(success=data.password == b"secret", auth_data=data, handled=False)

    controller = AnyPort(
        server,
        hostname="127.0.0.1",
        port=port,
        tls_context=tls,
        auth_required=needs_login,
        auth_require_tls=False,
        authenticator=authenticate if needs_login else None,
        ready_timeout=20,
    )
    controller.start()
    server.port = controller.port
    try:
        yield server
    finally:
        controller.stop()
