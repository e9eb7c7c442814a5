"""The services behind the gateway, and calls to them in the name of one request."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from gateway.http.limits import Limits
from kit.client import open_aio_channel
from kit.failpoints import reach
from kit.interceptors import REQUEST_ID
from kit.retries import repeat_aio
from kit.server import FAULT, FILES
from kit.settings import TlsSettings
from protos.auth.v1.auth_pb2_grpc import AuthServiceStub
from protos.matcher.v1.matcher_pb2_grpc import MatcherServiceStub
from protos.matcher.v1.photo_pb2_grpc import PhotoServiceStub
from protos.selfie.v1.selfie_pb2_grpc import SelfieServiceStub


@dataclass(frozen=True)
class Addresses:
    """Where the services listen, such as `dns:///auth:50051`."""

    auth: str
    selfie: str
    matcher: str


class Backends:
    """Open channels and their stubs; lives in one event loop."""

    def __init__(self, channels: Mapping[str, grpc.aio.Channel]) -> None:
        self._channels = channels
        self.auth: Any = AuthServiceStub(channels["auth"])
        self.selfie: Any = SelfieServiceStub(channels["selfie"])
        self.matcher: Any = MatcherServiceStub(channels["matcher"])
        self.photos: Any = PhotoServiceStub(channels["matcher"])

    @classmethod
    def open(cls, addresses: Addresses, tls: TlsSettings) -> Self:
        return cls({name: open_aio_channel(address, tls) for name, address in vars(addresses).items()})

    async def close(self) -> None:
        await asyncio.gather(*(channel.close(0) for channel in self._channels.values()))

    async def check(self, timeout_s: float) -> dict[str, str]:
        """Each service's health: "serving", "not_serving" or "unreachable"."""
        states = await asyncio.gather(*(_check(channel, timeout_s) for channel in self._channels.values()))
        return dict(zip(self._channels, states, strict=True))

    async def check_files(self, timeout_s: float) -> str:
        """The file store as the services see it: "serving", what is wrong with it, or "unknown"."""
        found = await asyncio.gather(*(_check_files(channel, timeout_s) for channel in self._channels.values()))
        known = [state for state in found if state]
        return next((state for state in known if state != "serving"), "serving") if known else "unknown"


async def _check_files(channel: grpc.aio.Channel, timeout_s: float) -> str:
    """Empty where the service has no file store or does not answer."""
    stub: Any = health_pb2_grpc.HealthStub(channel)
    call = stub.Check(health_pb2.HealthCheckRequest(service=FILES), timeout=timeout_s)
    try:
        answer = await call
        if answer.status == health_pb2.HealthCheckResponse.SERVING:
            return "serving"
        return str(dict(await call.trailing_metadata()).get(FAULT, "not_serving"))
    except grpc.aio.AioRpcError:
        return ""


async def _check(channel: grpc.aio.Channel, timeout_s: float) -> str:
    stub: Any = health_pb2_grpc.HealthStub(channel)
    try:
        answer = await stub.Check(health_pb2.HealthCheckRequest(), timeout=timeout_s)
    except grpc.aio.AioRpcError:
        return "unreachable"
    return "serving" if answer.status == health_pb2.HealthCheckResponse.SERVING else "not_serving"


class Calls:
    """Calls in the name of one request: its token, its id, a deadline."""

    def __init__(self, backends: Backends, limits: Limits, request_id: str, token: str = "") -> None:
        self.auth = backends.auth
        self.selfie = backends.selfie
        self.matcher = backends.matcher
        self.photos = backends.photos
        self.limits = limits
        self._metadata = [(REQUEST_ID, request_id), *([("authorization", f"Bearer {token}")] if token else [])]

    async def send(self, method: Any, request: Any, timeout_s: float = 0) -> Any:
        """The answer of a unary method. Raises AioRpcError."""
        answer = await repeat_aio(lambda left_s: self.begin(method, request, left_s), timeout_s or self.limits.call_s)
        reach("gateway", "before-answer")
        return answer

    def begin(self, method: Any, request: Any, timeout_s: float) -> Any:
        """A call itself, of one attempt; `request` is an iterator where the method takes a stream."""
        return method(request, metadata=self._metadata, timeout=timeout_s)
