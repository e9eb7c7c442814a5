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
# A client that changed networks never closes its connection. If sent data, such as a keep-alive of a stream, stays
# unacknowledged for this time, the kernel closes the connection; its default is about a quarter of an hour.
GONE_MS = 30_000
UNREAD_LINGER_S = 0.5  # for a refused client whose socket is no longer read, so that its close would go unnoticed
CHECKS = 4  # of a stalled response, within its write timeout


class Connection(H11Protocol):
    """Closed when a request head is not complete in time, and when a response is not read. `app_state` has the limits;
    a connection that has nothing to send, such as one that waits for an event, may be silent.

    Under overload, a selfie is rejected here with the response that `Admission` would give, at a fraction of its cost:
    this halves the gateway's processor time (`tests.load.refusals`). It applies only to the first request of a
    connection, because the start of later ones is unknown, and not if pages of other origins need CORS headers.
    """

    def __init__(self, config: Config, server_state: ServerState, app_state: dict[str, Any], **more: Any) -> None:
        super().__init__(config, server_state, {**app_state, "cut": self._cut}, **more)
        self._limits: Limits = app_state["limits"]
        self._limiters: Limiters = app_state["limiters"]
        self._sheds_early: bool = app_state["sheds_early"]
        self._end_streams: Callable[[], None] = app_state["end_streams"]
        self._is_rejected = False
        self._head: asyncio.TimerHandle | None = None
        self._stall: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        connection: socket.socket = transport.get_extra_info("socket")
        # A body follows its head in another write, which would wait for the client's delayed acknowledgement of the
        # head (on Linux at least 40 ms). uvloop sets this as well; asyncio only for listeners that name their protocol.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # only on Linux
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, GONE_MS)
        # Every response that the kernel does not accept immediately is watched. A TLS transport already pauses when its
        # limit is reached: with 0 it would pause with an empty buffer, and never resume.
        transport.set_write_buffer_limits(high=1 if self.scheme == "https" else 0)
        self._watch_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._leave_head()
        self._leave_answer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._is_rejected:
            self._discard(data)
            return
        if self._sheds_early and self.cycle is None and data.startswith(UPLOAD) and not self._limiters.selfies.admits():
            self._shed()
            self._discard(data)
            return
        super().data_received(data)
        self._watch_head()

    def send_400_response(self, msg: str) -> None:
        """Answers malformed HTTP with a problem, as every error, unless a response has begun."""
        if self.cycle is None or self.cycle.response_complete:
            self._reject_with(malformed_response())
        else:
            super().send_400_response(msg)

    def shutdown(self) -> None:
        """Adds `Connection: close` to the last response before a shutdown, so that clients send no further request.
        Endless streams end now; uvicorn ends the application only after the last response."""
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
        """Closes the connection of an incomplete response, which must not look complete."""
        self.transport.close()

    def _shed(self) -> None:
        self._reject_with(overload_response())
        handled.labels("POST", SELFIE, 503).inc()

    def _reject_with(self, response: bytes) -> None:
        self._is_rejected = True
        self._leave_head()
        self.transport.write(response.replace(UNKNOWN_ID.encode(), str(uuid4()).encode()))
        if self.transport.can_write_eof():  # TLS has no half-close
            self.transport.write_eof()
        self.loop.call_later(LINGER_S, self.transport.close)

    def _discard(self, data: bytes) -> None:
        """Drops the rest of a refused request: with a reset connection some clients would lose the response. Beyond the
        budget of `discards` the socket is not read until it is closed."""
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
        """The number of unacknowledged bytes, including the kernel's buffer, which a slow reader empties first."""
        untaken = self.transport.get_write_buffer_size()
        number: int = self.transport.get_extra_info("socket").fileno()
        with suppress(OSError):  # the socket is closed, or the system lacks TIOCOUTQ
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
def overload_response() -> bytes:
    """The complete response, without the id of a request."""
    return _serialise(overloaded(), "503 Service Unavailable")


@functools.cache
def malformed_response() -> bytes:
    """The response to a request that cannot be parsed."""
    return _serialise(Problem(400, "bad_request", "This is not a valid HTTP request."), "400 Bad Request")


def _serialise(problem: Problem, status: str) -> bytes:
    response = to_response(problem, UNKNOWN_ID)
    headers = {**HEADERS, **response.headers, "content-security-policy": POLICY, REQUEST_ID: UNKNOWN_ID}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status}\r\n{lines}connection: close\r\n\r\n".encode() + bytes(response.body)
