"""Channels to the services behind the gateway, and their stubs."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import grpc

from gateway.backends.health import check_files, check_service
from gateway.backends.interceptors import IdentifyDownload, IdentifyUnary, IdentifyUpload, Retry
from gateway.http.limits import Limits
from kit.rpc.client import open_aio_channel
from kit.settings import TlsSettings
from protos.auth.v1.auth_pb2_grpc import AuthServiceStub
from protos.matcher.v1.matcher_pb2_grpc import MatcherServiceStub
from protos.matcher.v1.photo_pb2_grpc import PhotoServiceStub
from protos.selfie.v1.selfie_pb2_grpc import SelfieServiceStub


@dataclass(frozen=True)
class Addresses:
    """Addresses of the services, such as `dns:///auth:50051`."""

    auth: str
    selfie: str
    matcher: str


class Backends:
    """Open channels and their stubs, bound to one event loop; calls act for the `CALLER` of the context."""

    def __init__(self, channels: Mapping[str, grpc.aio.Channel], limits: Limits) -> None:
        self.limits = limits
        self._channels = channels
        self.auth: Any = AuthServiceStub(channels["auth"])
        self.selfie: Any = SelfieServiceStub(channels["selfie"])
        self.matcher: Any = MatcherServiceStub(channels["matcher"])
        self.photos: Any = PhotoServiceStub(channels["matcher"])

    @classmethod
    def open(cls, addresses: Addresses, tls: TlsSettings, limits: Limits) -> Self:
        timeouts_s = dict.fromkeys(("UploadSelfie", "GetSelfie", "SearchFaces"), limits.selfie_s)
        interceptors = [Retry(timeouts_s, limits.call_s), IdentifyUnary(), IdentifyDownload(), IdentifyUpload()]
        return cls(
            {name: open_aio_channel(address, tls, interceptors) for name, address in vars(addresses).items()}, limits
        )

    async def close(self) -> None:
        await asyncio.gather(*(channel.close(0) for channel in self._channels.values()))

    async def check(self, timeout_s: float) -> dict[str, str]:
        """Each service's health: "serving", "not_serving" or "unreachable"."""
        states = await asyncio.gather(*(check_service(channel, timeout_s) for channel in self._channels.values()))
        return dict(zip(self._channels, states, strict=True))

    async def check_files(self, timeout_s: float) -> str:
        """The state of the file store as the services report it: "serving", the fault, or "unknown"."""
        found = await asyncio.gather(*(check_files(channel, timeout_s) for channel in self._channels.values()))
        known = [state for state in found if state]
        return next((state for state in known if state != "serving"), "serving") if known else "unknown"
