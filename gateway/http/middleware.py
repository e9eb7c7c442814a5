"""Outermost middleware: request id, access log, metrics, security headers, and the handler of unexpected errors."""

import asyncio
import re
import time
import uuid
from collections.abc import Mapping
from contextlib import suppress

import grpc
import structlog
from prometheus_client import Counter, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.errors.problem import Interrupted, internal_problem, to_response
from gateway.http.limiters import Discards
from kit.rpc.interceptors import REQUEST_ID
from kit.telemetry import traces
from kit.telemetry.logs import get_logger

ACCEPTED_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
SECRET = ("/api/unsubscribe/{token}",)  # their paths are not logged
QUIET = ("/healthz", "/readyz")
LINGER_S = 2
MAX_LINGERING = 64

HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-site",
    "cache-control": "no-store",
}
POLICY = "default-src 'none'; frame-ancestors 'none'"
HSTS, DAY_S = "strict-transport-security", 86_400

log = get_logger()
handled = Counter("http_handled_total", "Requests that ended", ["method", "route", "status"])
seconds = Histogram("http_handling_seconds", "Duration of requests", ["method", "route"])


class Boundary:
    """The outermost layer of the application."""

    def __init__(self, app: ASGIApp, hsts_days: int = 0) -> None:
        self._app = app
        self._hsts_days = hsts_days
        self._lingering: set[Exchange] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        headers = {HSTS: f"max-age={self._hsts_days * DAY_S}"} if self._hsts_days and scope["scheme"] == "https" else {}
        exchange = Exchange(scope, receive, send, self._lingering, headers)
        with (
            traces.serve(scope["method"], Headers(scope=scope)),
            structlog.contextvars.bound_contextvars(request_id=exchange.request_id),
        ):
            try:
                await self._app(scope, exchange.receive, exchange.send)
            except ClientDisconnect:
                log.debug("The client disconnected.", action="client_gone")
            except Exception as error:
                if exchange.status and _is_interruption(error):
                    log.info(
                        "A response was cut off.", action="answer_cut", why=type(error.__cause__ or error).__name__
                    )
                    return await exchange.cut()
                if exchange.status:
                    raise  # uvicorn logs it and cuts the connection: a partial response must not look complete
                log.exception("A request failed.", action="request_failed")
                response = to_response(internal_problem(), exchange.request_id)
                await response(scope, exchange.receive, exchange.send)
            finally:
                exchange.tell()


def _is_interruption(error: Exception) -> bool:
    """Whether the client may have caused the error, such as by deleting a photo during its download."""
    if isinstance(error, RuntimeError):  # Starlette raises it when a handled error occurs after the response has begun
        return isinstance(error.__cause__, (HTTPException, grpc.aio.AioRpcError))
    return isinstance(error, Interrupted)


class Exchange:
    """One request and its response; wraps `receive` and `send`."""

    def __init__(
        self, scope: Scope, receive: Receive, send: Send, lingering: "set[Exchange]", added: Mapping[str, str]
    ) -> None:
        headers = Headers(scope=scope)
        given = headers.get(REQUEST_ID, "")
        self.request_id = given if ACCEPTED_ID.fullmatch(given) else str(uuid.uuid4())
        self.status = 0
        scope["request_id"] = self.request_id
        self._scope = scope
        self._receive = receive
        self._send = send
        self._lingering = lingering
        self._added = {**HEADERS, **added}
        self._unread = "transfer-encoding" in headers or headers.get("content-length", "0") != "0"
        self._started = time.perf_counter()

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request" and not message.get("more_body"):
            self._unread = False
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self._complete(MutableHeaders(scope=message))
        if message["type"] == "http.response.body" and not message.get("more_body") and self._lingers():
            await self._send({**message, "more_body": True})
            await self._discard()
            message = {"type": "http.response.body"}
        await self._send(message)

    async def cut(self) -> None:
        """Cuts the connection: a partial response must not look complete."""
        self._scope["state"]["cut"]()
        while (await self._receive())["type"] != "http.disconnect":
            pass

    def tell(self) -> None:
        """Writes the access log. The path is logged as received, escaped, without the query."""
        elapsed_s = time.perf_counter() - self._started
        method, route = self._scope["method"], getattr(self._scope.get("route"), "path", "unknown")
        handled.labels(method, route, self.status).inc()
        seconds.labels(method, route).observe(elapsed_s)
        attributes = {"http.request.method": method, "http.route": route, "http.response.status_code": self.status}
        traces.tell(f"{method} {route}", self.status >= 500, **attributes)
        write = log.debug if route in QUIET else log.info
        write(
            "Answered a request.",
            action="request",
            method=method,
            path=route if route in SECRET else self._scope.get("raw_path", b"").decode("ascii", "replace")[:200],
            status=self.status,
            ms=round(elapsed_s * 1e3, 1),
        )

    def _lingers(self) -> bool:
        """False for a client that sends nothing, and under load."""
        return self._unread and self.status != 408 and len(self._lingering) < MAX_LINGERING

    async def _discard(self) -> None:
        """Reads the rest of the body: with a reset connection the client could lose the response."""
        self._lingering.add(self)
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(LINGER_S):
                    while self._unread and self._may_discard(await self.receive()):
                        pass
        finally:
            self._lingering.discard(self)

    def _may_discard(self, message: Message) -> bool:
        """Whether more may be read after this message, which the budget of `discards` limits under load."""
        discards: Discards = self._scope["state"]["limiters"].discards
        now = asyncio.get_running_loop().time()
        return message["type"] != "http.disconnect" and discards.take(len(message.get("body", b"")), now)

    def _complete(self, headers: MutableHeaders) -> None:
        headers[REQUEST_ID] = self.request_id
        for name, value in self._added.items():
            headers.setdefault(name, value)
        headers.setdefault("content-security-policy", POLICY)
        if self._unread:
            headers["connection"] = "close"  # otherwise uvicorn reads the rest of a rejected body
