"""A gRPC server: pool, limits, TLS, health, reflection, graceful stop."""

from collections.abc import Callable, Mapping, Sequence
from concurrent import futures
from dataclasses import dataclass
from threading import Event
from typing import Any

import grpc
from google.protobuf import descriptor_pool
from google.protobuf.descriptor import FileDescriptor, ServiceDescriptor
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from kit.rpc.identity import Access, Verifier
from kit.rpc.interceptors import CallInterceptor
from kit.settings import ServerSettings
from kit.startup import check_tls, require_free
from kit.telemetry.logs import get_logger

MAX_MESSAGE_BYTES = 16 * 1024 * 1024 + 64 * 1024  # the largest MAX_SELFIE_MB and the rest of the message
QUEUED_CALLS = 100
FILES = "files"  # the health service's name for the file store
FAULT = "x-fault"  # trailing metadata key with the reason for NOT_SERVING

Check = Callable[[], str]

log = get_logger()


@dataclass(frozen=True)
class Registration:
    """One service of a server: its servicer, the generated function that adds it, and its descriptor."""

    servicer: Any
    add: Any
    descriptor: ServiceDescriptor

    def access(self) -> Mapping[str, Access]:
        """The allowed callers of each rpc; raises AttributeError for an rpc without a declaration."""
        service = self.descriptor
        return {f"/{service.full_name}/{m.name}": getattr(type(self.servicer), m.name).access for m in service.methods}


class Server:
    """Binds in the constructor; `port` is the actual port, also if 0 was requested.

    `checks` are further names that health answers for, such as FILES. Raises InvalidSetting when it cannot listen.
    """

    def __init__(
        self,
        settings: ServerSettings,
        port: int,
        verifier: Verifier,
        services: Sequence[Registration],
        checks: Mapping[str, Check] | None = None,
    ) -> None:
        access = {name: who for service in services for name, who in service.access().items()}
        workers = settings.unary_workers + settings.max_streams + settings.max_watchers
        self._server = grpc.server(
            futures.ThreadPoolExecutor(workers, thread_name_prefix="rpc"),
            interceptors=[CallInterceptor(access, verifier, settings.max_streams, settings.max_watchers)],
            options=_options(settings),
            maximum_concurrent_rpcs=workers + QUEUED_CALLS,
        )
        self._grace_s = settings.grace_s
        names = [service.descriptor.full_name for service in services]
        for service in services:
            service.add(service.servicer, self._server)
        self._health = _Health(checks or {})
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        for name in ["", *names]:
            self._health.set(name, health_pb2.HealthCheckResponse.SERVING)
        if settings.reflection:
            offered = [*names, health.SERVICE_NAME, reflection.SERVICE_NAME]
            reflection.enable_server_reflection(offered, self._server, _MethodPool())
        self.port = _bind(self._server, f"{settings.host}:{port}", settings)
        self._server.start()

    def run_until(self, stop: Event) -> None:
        """Serves until `stop`, then lets running calls finish within the grace period."""
        log.info("Serving.", action="serving", port=self.port)
        stop.wait()
        self.close()
        log.info("Stopped.", action="stopped")

    def close(self) -> None:
        """Reports NOT_SERVING, sends clients elsewhere, and lets running calls finish within the grace period."""
        self._health.enter_graceful_shutdown()
        self._server.stop(self._grace_s).wait()


class _Health(health.HealthServicer):  # type: ignore[misc]  # the package has no types
    """Ends every Watch after its last status: an open one would delay the stop for the whole grace period."""

    def __init__(self, checks: Mapping[str, Check]) -> None:
        super().__init__()
        self._watchers: set[Any] = set()
        self._checks = checks

    def Check(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        if request.service not in self._checks:
            return super().Check(request, context)
        fault = self._checks[request.service]()
        context.set_trailing_metadata(((FAULT, fault),) if fault else ())
        status = health_pb2.HealthCheckResponse
        return status(status=status.NOT_SERVING if fault else status.SERVING)

    def Watch(self, request: Any, context: grpc.ServicerContext, send_response_callback: Any = None) -> Any:  # noqa: N802
        self._watchers.add(send_response_callback)
        context.add_callback(lambda: self._watchers.discard(send_response_callback))
        return super().Watch(request, context, send_response_callback)

    def enter_graceful_shutdown(self) -> None:
        super().enter_graceful_shutdown()
        for send in self._watchers.copy():
            send(None)


class _MethodPool:
    """The descriptors of this process, which also knows the file of a method, as ghz and grpcurl ask for it."""

    def __init__(self) -> None:
        self._pool = descriptor_pool.Default()

    def FindFileContainingSymbol(self, symbol: str) -> FileDescriptor:  # noqa: N802
        try:
            return self._pool.FindFileContainingSymbol(symbol)
        except KeyError:
            return self._pool.FindServiceByName(symbol.rpartition(".")[0]).file

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pool, name)


def _options(settings: ServerSettings) -> list[tuple[str, int]]:
    return [
        ("grpc.so_reuseport", 0),  # otherwise a second server could silently bind the same port
        ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
        ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
        ("grpc.max_concurrent_streams", 1000),
        ("grpc.max_connection_age_ms", settings.max_connection_age_s * 1000),
        ("grpc.max_connection_age_grace_ms", 60_000),
        ("grpc.http2.min_recv_ping_interval_without_data_ms", 10_000),
        ("grpc.keepalive_permit_without_calls", 1),
    ]


def _bind(server: grpc.Server, address: str, settings: ServerSettings) -> int:
    require_free(address)  # gRPC's own message has many lines, and none names the invalid setting
    if not (settings.tls_cert and settings.tls_key):
        return server.add_insecure_port(address)
    check_tls(settings)
    credentials = grpc.ssl_server_credentials(
        [(settings.tls_key.read_bytes(), settings.tls_cert.read_bytes())],
        root_certificates=settings.tls_ca.read_bytes() if settings.tls_ca else None,
        require_client_auth=settings.tls_ca is not None,
    )
    return server.add_secure_port(address, credentials)
