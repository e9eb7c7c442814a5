"""HTTP/1.1 protocol with header and write timeouts, which uvicorn does not have."""

import asyncio
import fcntl
import functools
import socket
import struct
import termios
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from uuid import uuid4

import h11
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from gateway.errors.problem import Problem, to_response
from gateway.http.admission import overloaded
from gateway.http.limiters import SELFIE, Limiters
from gateway.http.limits import Limits
from gateway.http.middleware import HEADERS, LINGER_S, POLICY, handled
from kit.rpc.interceptors import REQUEST_ID

CLOSE = (b"connection", b"close")
UPLOAD = f"POST {SELFIE} ".encode()
UNKNOWN_ID = "00000000-0000-0000-0000-000000000000"
# A client that has changed networks never says so. After this time without an answer to what was sent, such as a
# keep-alive of a stream, the kernel closes the connection; by itself it would try for a quarter of an hour.
GONE_MS = 30_000
UNREAD_LINGER_S = 0.5  # for a refused client that is not read any more: its end would not be noticed, either
CHECKS = 4  # of a stalled answer, within the time that it may stand still


class Connection(H11Protocol):
    """Closed when a request head is not complete in time, and when a response is not read. `app_state` has the limits;
    a connection that has nothing to send, such as one that waits for an event, may be silent.

    A selfie that there is no place for is refused here, as `Admission` would refuse it and at a fraction of the cost:
    in a crowd that halves the gateway's processor time (`tests.load.refusals`). Only the first request of a connection,
    since no other is known to begin where bytes arrive, and not if pages of other origins need CORS headers.
    """

    def __init__(self, config: Config, server_state: ServerState, app_state: dict[str, Any], **more: Any) -> None:
        super().__init__(config, server_state, {**app_state, "cut": self._cut}, **more)
        self._limits: Limits = app_state["limits"]
        self._limiters: Limiters = app_state["limiters"]
        self._refuses_early: bool = app_state["refuses_early"]
        self._end_streams: Callable[[], None] = app_state["end_streams"]
        self._is_refused = False
        self._head: asyncio.TimerHandle | None = None
        self._stall: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # of Linux
            connection: socket.socket = transport.get_extra_info("socket")
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, GONE_MS)
        # Every answer that the kernel does not take at once is watched. A transport of TLS pauses at its limit already:
        # with 0 it would pause when it has nothing to send, and stay so.
        transport.set_write_buffer_limits(high=1 if self.scheme == "https" else 0)
        self._watch_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._leave_head()
        self._leave_answer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._is_refused:
            self._discard(data)
            return
        if (
            self._refuses_early
            and self.cycle is None
            and data.startswith(UPLOAD)
            and not self._limiters.selfies.admits()
        ):
            self._refuse()
            self._discard(data)
            return
        super().data_received(data)
        self._watch_head()

    def send_400_response(self, msg: str) -> None:
        """What is not HTTP gets a problem, as every error does, unless a response is under way."""
        if self.cycle is None or self.cycle.response_complete:
            self._refuse_with(malformed())
        else:
            super().send_400_response(msg)

    def shutdown(self) -> None:
        """Says in the last answer before a stop that the connection ends with it: no client sends a request after it.
        Streams, which have no end of their own, end now; uvicorn ends the application after the last answer alone."""
        super().shutdown()
        self._end_streams()
        if self.cycle is not None and not self.cycle.response_started:
            self.cycle.default_headers = [*self.cycle.default_headers, CLOSE]

    def pause_writing(self) -> None:
        super().pause_writing()
        self._leave_answer()
        self._watch_answer(self._untaken_bytes(), CHECKS)

    def resume_writing(self) -> None:
        self._leave_answer()
        super().resume_writing()

    def _cut(self) -> None:
        """For an answer that cannot be finished: half of it must not look like a whole one."""
        self.transport.close()

    def _refuse(self) -> None:
        self._refuse_with(refusal())
        handled.labels("POST", SELFIE, 503).inc()

    def _refuse_with(self, response: bytes) -> None:
        self._is_refused = True
        self._leave_head()
        self.transport.write(response.replace(UNKNOWN_ID.encode(), str(uuid4()).encode()))
        if self.transport.can_write_eof():  # over TLS the end can only be said with the connection's
            self.transport.write_eof()
        self.loop.call_later(LINGER_S, self.transport.close)

    def _discard(self, data: bytes) -> None:
        """What a refused client still sends: a reset connection would cost some the answer. In a crowd there is no time
        for it, and the client stands still until it is closed."""
        if self.transport.is_reading() and not self._limiters.discards.take(len(data), self.loop.time()):
            self.transport.pause_reading()
            self.loop.call_later(UNREAD_LINGER_S, self.transport.close)

    def _watch_head(self) -> None:
        if self.conn.their_state is not h11.IDLE or self.transport.is_closing():
            self._leave_head()
        elif self._head is None:
            self._head = self.loop.call_later(self._limits.head_s, self.timeout_keep_alive_handler)

    def _watch_answer(self, untaken_bytes: int, checks_left: int) -> None:
        left = self._untaken_bytes()
        checks_left = CHECKS if left < untaken_bytes else checks_left
        if not checks_left:
            self.transport.abort()
            return
        self._stall = self.loop.call_later(self._limits.answer_s / CHECKS, self._watch_answer, left, checks_left - 1)

    def _untaken_bytes(self) -> int:
        """What the client has not confirmed, also of what the kernel holds: a slow reader empties that first."""
        untaken = self.transport.get_write_buffer_size()
        number: int = self.transport.get_extra_info("socket").fileno()
        with suppress(OSError):  # a socket that is closed, or a system that does not tell
            untaken += struct.unpack("i", fcntl.ioctl(number, termios.TIOCOUTQ, bytes(4)))[0]
        return untaken

    def _leave_head(self) -> None:
        if self._head is not None:
            self._head.cancel()
            self._head = None

    def _leave_answer(self) -> None:
        if self._stall is not None:
            self._stall.cancel()
            self._stall = None


@functools.cache
def refusal() -> bytes:
    """The whole answer, of an unknown request."""
    return _serialise(overloaded(), "503 Service Unavailable")


@functools.cache
def malformed() -> bytes:
    """The answer to what cannot be parsed."""
    return _serialise(Problem(400, "bad_request", "This is not a valid HTTP request."), "400 Bad Request")


def _serialise(problem: Problem, status: str) -> bytes:
    response = to_response(problem, UNKNOWN_ID)
    headers = {**HEADERS, **response.headers, "content-security-policy": POLICY, REQUEST_ID: UNKNOWN_ID}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status}\r\n{lines}connection: close\r\n\r\n".encode() + bytes(response.body)
