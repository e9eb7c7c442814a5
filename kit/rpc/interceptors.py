"""The interceptor of every server: request id, identity, admission, access log, and faults to statuses.

All four kinds of rpc are wrapped by the same context managers; for a response stream they stay open while it is
iterated, so that a fault in the middle of a stream is reported like any other.
"""

import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from threading import Semaphore
from typing import Any, TypeAlias

import grpc
import structlog
from prometheus_client import Counter, Histogram

from kit.audit.acts import truncate_address
from kit.errors import CallerNotAllowed, Fault, InvalidToken, TooManyStreams
from kit.failpoints import reach
from kit.rpc import deadlines, identity
from kit.rpc.identity import PUBLIC, Access, Caller, Verifier
from kit.rpc.statuses import cancelled_status, internal_status, to_status
from kit.telemetry import traces
from kit.telemetry.logs import get_logger

REQUEST_ID = "x-request-id"
CLIENT_NETWORK = "x-client-network"  # as the gateway sees it; only for the audit log, never for a decision
# The statuses that are the service's own fault.
FAILURES = ("UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS")
OPEN_SERVICES = ("grpc.health.v1.", "grpc.reflection.")

log = get_logger()
handled = Counter("grpc_server_handled_total", "Calls that ended", ["method", "code"])
seconds = Histogram("grpc_server_handling_seconds", "Duration of calls", ["method"])

Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"
Around = Callable[[grpc.ServicerContext], AbstractContextManager[None]]


class CallInterceptor(grpc.ServerInterceptor):
    """The boundary of a service. `access` maps each method's full name to its allowed callers."""

    def __init__(self, access: Mapping[str, Access], verifier: Verifier, max_streams: int, max_watchers: int) -> None:
        self._access = access
        self._verifier = verifier
        self._streams = Semaphore(max_streams)
        self._watchers = Semaphore(max_watchers)

    def intercept_service(
        self, continuation: Callable[[Any], Any], details: grpc.HandlerCallDetails
    ) -> "Handler | None":
        handler: Handler | None = continuation(details)
        if handler is None or details.method.lstrip("/").startswith(OPEN_SERVICES):
            return handler
        metadata = {key: value for key, value in details.invocation_metadata or () if isinstance(value, str)}
        return _wrap(handler, lambda context: self._around(details.method, metadata, context))

    @contextmanager
    def _around(self, method: str, metadata: Mapping[str, str], context: grpc.ServicerContext) -> Iterator[None]:
        request_id = metadata.get(REQUEST_ID, "")[:64] or str(uuid.uuid4())
        with (
            traces.serve(method.lstrip("/"), metadata),
            structlog.contextvars.bound_contextvars(request_id=request_id),
            _observed(method, context),
        ):
            access = self._access[method]
            identity.enter_caller(self._identify(access, metadata))
            identity.enter_network(truncate_address(metadata.get(CLIENT_NETWORK, "")))
            deadlines.enter(context.time_remaining())
            with ExitStack() as admitted:
                if access.long:
                    slots = self._watchers if access.watches else self._streams
                    if not slots.acquire(blocking=False):
                        raise TooManyStreams
                    admitted.callback(slots.release)
                yield
                reach(method.rpartition("/")[2], "before-answer")

    def _identify(self, access: Access, metadata: Mapping[str, str]) -> Caller:
        if PUBLIC in access.kinds:
            return Caller()
        scheme, _, token = metadata.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise InvalidToken
        caller = self._verifier.verify(token)
        if caller.kind not in access.kinds:
            raise CallerNotAllowed
        return caller


@contextmanager
def _observed(method: str, context: grpc.ServicerContext) -> Iterator[None]:
    """Turns exceptions into statuses, counts them and writes the access log."""
    started = time.perf_counter()
    status: grpc.Status | None = None
    code = "OK"
    try:
        yield
    except Fault as fault:
        status = to_status(fault)
        code = status.code.name
        log.info("Refused a call.", action="rpc_refused", method=method, reason=fault.reason)
    except Exception:
        # The call failed because the caller has disconnected, so no client reads the answer.
        is_heard = context.is_active()
        status = internal_status() if is_heard else cancelled_status()
        code = status.code.name
        if is_heard:
            log.exception("A call failed.", action="rpc_failed", method=method)
    finally:
        elapsed_s = time.perf_counter() - started
        handled.labels(method, code).inc()
        seconds.labels(method).observe(elapsed_s)
        traces.annotate(failed=code in FAILURES, **{"rpc.system": "grpc", "rpc.response.status_code": code})
        log.debug("Answered a call.", action="rpc", method=method, code=code, ms=round(elapsed_s * 1e3, 1))
    if status:
        context.abort_with_status(status)


def _wrap(handler: Any, around: Around) -> Handler:
    def answer(behaviour: Callable[[Any, Any], Any]) -> Callable[[Any, grpc.ServicerContext], Any]:
        def unary(request: Any, context: grpc.ServicerContext) -> Any:
            with around(context):
                return behaviour(request, context)

        return unary

    def answers(behaviour: Callable[[Any, Any], Any]) -> Callable[[Any, grpc.ServicerContext], Any]:
        def stream(request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
            with around(context):
                yield from behaviour(request, context)

        return stream

    codecs = handler.request_deserializer, handler.response_serializer
    if handler.request_streaming and handler.response_streaming:
        return grpc.stream_stream_rpc_method_handler(answers(handler.stream_stream), *codecs)
    if handler.request_streaming:
        return grpc.stream_unary_rpc_method_handler(answer(handler.stream_unary), *codecs)
    if handler.response_streaming:
        return grpc.unary_stream_rpc_method_handler(answers(handler.unary_stream), *codecs)
    return grpc.unary_unary_rpc_method_handler(answer(handler.unary_unary), *codecs)
