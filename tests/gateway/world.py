"""The real gateway on a real socket in front of scripted services."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent import futures
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import grpc
import httpx2
import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from google.protobuf.message_factory import GetMessageClass
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from gateway.app import create_app
from gateway.backends.channels import Addresses
from gateway.http.limits import Limits
from gateway.http.rates import Rates
from gateway.http.site import DIRECT, Site
from gateway.http.tls import Certificate
from gateway.server import HTTP
from kit.errors import Fault
from kit.rpc.identity import USER_ISSUER, Signer, Verifier
from kit.rpc.server import MAX_MESSAGE_BYTES
from kit.rpc.statuses import to_status
from kit.settings import TlsSettings
from protos.auth.v1 import auth_pb2
from protos.matcher.v1 import matcher_pb2, photo_pb2
from protos.selfie.v1 import selfie_pb2

KEY = Ed25519PrivateKey.generate()
VERIFIER = Verifier({USER_ISSUER: [KEY.public_key()]})
USER_ID = uuid4()
TOKEN = Signer(USER_ISSUER, KEY).sign(str(USER_ID), 3600)
SIGNED = {"authorization": f"Bearer {TOKEN}"}
START_S = STOP_S = 10.0
LIMITS = Limits(call_s=5, poll_s=0.01, rates=Rates(**dict.fromkeys(vars(Rates()), "none")))

METHODS = {
    f"/{service.full_name}/{method.name}": method
    for file in (auth_pb2, selfie_pb2, matcher_pb2, photo_pb2)
    for service in file.DESCRIPTOR.services_by_name.values()
    for method in service.methods
}


@dataclass
class Call:
    """A call received by a service; `request` is a list for client streams."""

    method: str
    request: Any
    metadata: dict[str, str]
    timeout_s: float


@dataclass
class Services(grpc.GenericRpcHandler):
    """All services on one port. An answer is a message, messages, a Fault, a bare status code, or a function of the
    request that gives one of these."""

    answers: dict[str, Any] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    running: list[str] = field(default_factory=list)

    def service(self, details: Any) -> Any:
        method = METHODS.get(details.method)
        if method is None:
            return None
        streamed = method.client_streaming, method.server_streaming
        make = {
            (False, False): grpc.unary_unary_rpc_method_handler,
            (True, False): grpc.stream_unary_rpc_method_handler,
            (False, True): grpc.unary_stream_rpc_method_handler,
        }[streamed]
        return make(
            lambda request, context: self._answer(method, request, context),
            GetMessageClass(method.input_type).FromString,
            lambda message: message.SerializeToString(),
        )

    def sent(self, method: str) -> Any:
        """The request of the only call to a method."""
        (call,) = [call for call in self.calls if call.method == method]
        return call.request

    def _answer(self, method: Any, request: Any, context: grpc.ServicerContext) -> Any:
        request = list(request) if method.client_streaming else request
        metadata = {key: str(value) for key, value in context.invocation_metadata()}
        if context.add_callback(lambda: self.running.remove(method.name)):
            self.running.append(method.name)
        self.calls.append(Call(method.name, request, metadata, context.time_remaining()))
        answer = self.answers.get(method.name, GetMessageClass(method.output_type)())
        answer = answer(request) if callable(answer) else answer
        if isinstance(answer, Fault):
            context.abort_with_status(to_status(answer))
        if isinstance(answer, grpc.StatusCode):
            context.abort(answer, "ipv4:10.0.0.1:5432 secret")
        return iter(answer) if method.server_streaming else answer


@dataclass
class World:
    """A gateway, its services, and a browser."""

    services: Services
    client: httpx2.Client
    port: int

    def answer(self, **answers: Any) -> None:
        self.services.answers.update(answers)

    def send_raw(self, *parts: bytes) -> bytes:
        """Sends bytes on a socket; returns what the gateway sends until it closes the connection."""
        answer = b""
        with suppress(ConnectionError), socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            for part in parts:
                connection.sendall(part)
            while received := connection.recv(65536):
                answer += received
        return answer

    def reset(self) -> None:
        self.services.answers.clear()
        self.services.calls.clear()
        self.client.cookies.clear()


class DaemonThreads(futures.Executor):
    """Runs each call in a daemon thread, so a call that a failed test never releases keeps no process alive."""

    def submit(self, work: Callable[..., Any], /, *args: Any, **named: Any) -> "futures.Future[Any]":
        future: futures.Future[Any] = futures.Future()

        def run() -> None:
            try:
                future.set_result(work(*args, **named))
            except BaseException as error:
                future.set_exception(error)

        threading.Thread(target=run, daemon=True).start()
        return future


class GatewayServer(uvicorn.Server):
    """Sets `listening` once it accepts connections."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()


@contextmanager
def running_services() -> Iterator[tuple[Services, str]]:
    """Scripted services and their common address."""
    services = Services()
    options = [("grpc.max_receive_message_length", MAX_MESSAGE_BYTES)]
    server = grpc.server(DaemonThreads(), options=options)
    healthy = health.HealthServicer()
    healthy.set("", health_pb2.HealthCheckResponse.SERVING)
    health_pb2_grpc.add_HealthServicer_to_server(healthy, server)
    server.add_generic_rpc_handlers([services])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield services, f"127.0.0.1:{port}"
    finally:
        server.stop(0).wait(STOP_S)


@contextmanager
def running_world(site: Site = DIRECT, certificate: Certificate | None = None, **limits: Any) -> Iterator[World]:
    chosen = replace(LIMITS, **limits)
    with (
        running_services() as (services, address),
        running_gateway(Addresses(address, address, address), chosen, site=site, certificate=certificate) as started,
    ):
        client, port = started
        yield World(services, client, port)


@contextmanager
def running_gateway(
    addresses: Addresses,
    limits: Limits,
    verifier: Verifier = VERIFIER,
    site: Site = DIRECT,
    signer: Signer | None = None,
    certificate: Certificate | None = None,
) -> Iterator[tuple[httpx2.Client, int]]:
    """The gateway in front of any services, a client of it, and its port; over HTTPS with a certificate."""
    app = create_app(addresses, TlsSettings(), limits, verifier, site, signer)
    listener = socket.create_server(("127.0.0.1", 0))
    http = {**HTTP, "ssl_context_factory": certificate} if certificate else {**HTTP, "loop": "asyncio"}
    gateway = GatewayServer(uvicorn.Config(app, timeout_graceful_shutdown=2, **http))
    # A daemon, so a gateway that does not stop fails its test and does not keep the pytest process alive.
    thread = threading.Thread(target=gateway.run, args=([listener],), name=f"gateway {listener.fileno()}", daemon=True)
    thread.start()
    try:
        assert gateway.listening.wait(START_S)
        port = listener.getsockname()[1]
        scheme = "https" if certificate else "http"
        verify = ssl.create_default_context(cafile=certificate.chain) if certificate else True
        with httpx2.Client(base_url=f"{scheme}://127.0.0.1:{port}", timeout=10, verify=verify) as client:
            yield client, port
    finally:
        gateway.should_exit = True
        thread.join(STOP_S)
        listener.close()
        assert not thread.is_alive(), "the gateway does not stop"


@cache
def public_keys() -> TemporaryDirectory[str]:
    """A folder for MINOIS_KEYS with the key of TOKEN; it is deleted when this process exits."""
    folder = TemporaryDirectory(prefix="minois-keys-")
    path = Path(folder.name) / f"{USER_ISSUER}.pub.pem"
    path.write_bytes(KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return folder


def problem(answer: httpx2.Response) -> tuple[int, str]:
    """Status and reason of a problem; asserts the common shape of all errors."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    body = answer.json()
    assert {"type", "title", "status", "detail", "reason", "request_id"} <= set(body)
    assert (body["status"], body["type"]) == (answer.status_code, f"/problems/{body['reason']}")
    assert body["request_id"] == answer.headers["x-request-id"]
    return answer.status_code, body["reason"]
