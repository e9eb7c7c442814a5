"""Client interceptors: they add the caller of the current request, a deadline and retries to each call."""

from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import grpc.aio

from kit.failpoints import reach
from kit.rpc.interceptors import CLIENT_NETWORK, REQUEST_ID
from kit.rpc.retries import repeat_aio
from kit.telemetry import traces

Continuation = Callable[[grpc.aio.ClientCallDetails, Any], Awaitable[Any]]


@dataclass(frozen=True)
class Caller:
    """The sender of the HTTP request and the request's id; `token` is empty if none is needed, `network` if unknown."""

    request_id: str
    token: str = ""
    network: str = ""


CALLER: ContextVar[Caller | None] = ContextVar("caller", default=None)


# One class for each kind of method: grpc.aio registers an interceptor of several kinds for the first kind only.
class IdentifyUnary(grpc.aio.UnaryUnaryClientInterceptor):
    """Adds the caller's token and request id."""

    async def intercept_unary_unary(self, continuation: Continuation, details: Any, request: Any) -> Any:
        return await continuation(identified(details), request)


class IdentifyDownload(grpc.aio.UnaryStreamClientInterceptor):
    """Adds the same metadata to calls with a stream of responses."""

    async def intercept_unary_stream(self, continuation: Continuation, details: Any, request: Any) -> Any:
        return await continuation(identified(details), request)


class IdentifyUpload(grpc.aio.StreamUnaryClientInterceptor):
    """Adds the same metadata to calls with a stream of requests."""

    async def intercept_stream_unary(self, continuation: Continuation, details: Any, requests: Any) -> Any:
        return await continuation(identified(details), requests)


class Retry(grpc.aio.UnaryUnaryClientInterceptor):
    """Gives unary calls without a timeout the one of their method, and retries them within it. A call with its own
    timeout is made once."""

    def __init__(self, timeouts_s: Mapping[str, float], default_s: float) -> None:
        self._timeouts_s = timeouts_s
        self._default_s = default_s

    async def intercept_unary_unary(self, continuation: Continuation, details: Any, request: Any) -> Any:
        if details.timeout is not None:
            return await continuation(details, request)

        async def call(left_s: float) -> Any:
            return await (await continuation(details._replace(timeout=left_s), request))

        method = details.method.decode() if isinstance(details.method, bytes) else details.method
        with traces.call(method.lstrip("/")):
            response = await repeat_aio(call, self._timeouts_s.get(method.rpartition("/")[2], self._default_s))
        reach("gateway", "before-answer")
        return response


def identified(details: Any) -> Any:
    """The details of a call, extended by the metadata of the caller."""
    caller = CALLER.get()
    if caller is None:
        return details
    metadata = grpc.aio.Metadata(*(details.metadata or ()), (REQUEST_ID, caller.request_id), *traces.headers())
    if caller.network:
        metadata.add(CLIENT_NETWORK, caller.network)
    if caller.token:
        metadata.add("authorization", f"Bearer {caller.token}")
    return details._replace(metadata=metadata)
