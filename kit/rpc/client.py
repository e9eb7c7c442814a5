"""Channels to other services: keepalive, load balancing, TLS; and calls with deadline, token and request id."""

import json
import uuid
from collections.abc import Callable, Sequence
from typing import TypeVar

import grpc
import grpc.aio
import structlog

from kit.rpc import deadlines
from kit.rpc.identity import Signer
from kit.rpc.interceptors import REQUEST_ID
from kit.rpc.retries import repeat
from kit.rpc.server import MAX_MESSAGE_BYTES
from kit.settings import TlsSettings
from kit.startup import check_tls
from kit.telemetry import traces

Answer = TypeVar("Answer")


def channel_options(ring_hash_key: str = "") -> list[tuple[str, int | str]]:
    """`ring_hash_key`: the metadata key whose hash selects the replica of a call; empty for round robin.

    Ring hash needs GRPC_EXPERIMENTAL_RING_HASH_SET_REQUEST_HASH_KEY=true in the environment before grpc's first use.
    """
    balancing = (
        {"ring_hash_experimental": {"requestHashHeader": ring_hash_key}} if ring_hash_key else {"round_robin": {}}
    )
    return [
        ("grpc.service_config", json.dumps({"loadBalancingConfig": [balancing]})),
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.max_reconnect_backoff_ms", 500),
        ("grpc.keepalive_time_ms", 30_000),
        ("grpc.keepalive_timeout_ms", 10_000),
        ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
        ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ]


def open_channel(address: str, tls: TlsSettings, ring_hash_key: str = "") -> grpc.Channel:
    options: Sequence[tuple[str, int | str]] = channel_options(ring_hash_key)
    credentials = channel_credentials(tls)
    if credentials is None:
        return grpc.insecure_channel(address, options)
    return grpc.secure_channel(address, credentials, options)


def open_aio_channel(
    address: str, tls: TlsSettings, interceptors: Sequence[grpc.aio.ClientInterceptor] = ()
) -> grpc.aio.Channel:
    """A channel for asyncio; must be called in the running loop that will use it."""
    options: Sequence[tuple[str, int | str]] = channel_options()
    credentials = channel_credentials(tls)
    if credentials is None:
        return grpc.aio.insecure_channel(address, options, interceptors=interceptors)
    return grpc.aio.secure_channel(address, credentials, options, interceptors=interceptors)


def channel_credentials(tls: TlsSettings) -> grpc.ChannelCredentials | None:
    if tls.tls_ca is None:
        return None
    check_tls(tls)
    return grpc.ssl_channel_credentials(
        tls.tls_ca.read_bytes(),
        tls.tls_key.read_bytes() if tls.tls_key else None,
        tls.tls_cert.read_bytes() if tls.tls_cert else None,
    )


class ServiceCalls:
    """Adds metadata and a deadline to each call to the service `callee`: identity, request id, timeout."""

    def __init__(self, signer: Signer, callee: str) -> None:
        self._signer = signer
        self._callee = callee

    def send(self, method: Callable[..., Answer], request: object, at_most_s: float) -> Answer:
        """Calls a unary method. Raises RpcError."""
        return repeat(
            lambda left_s: method(request, timeout=left_s, metadata=self.metadata()), self.timeout_s(at_most_s)
        )

    def metadata(self, **more: str) -> list[tuple[str, str]]:
        """`more`: further metadata keys, with `_` for `-`."""
        bound = structlog.contextvars.get_contextvars()
        return [
            ("authorization", f"Bearer {self._signer.sign_service(self._callee)}"),
            (REQUEST_ID, str(bound.get("request_id") or uuid.uuid4())),
            *traces.headers(),
            *((key.replace("_", "-"), value) for key, value in more.items()),
        ]

    def timeout_s(self, at_most: float) -> float:
        return deadlines.remaining_s(at_most)
