"""Checks whether a process is ready to serve."""

import ssl
import urllib.request
from pathlib import Path
from urllib.error import URLError

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

ASK_TIMEOUT_S = 2.0


def grpc_serves(address: str) -> bool:
    """Whether `grpc.health.v1` reports the whole server as serving."""
    with grpc.insecure_channel(address) as channel:
        try:
            answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=ASK_TIMEOUT_S)
        except grpc.RpcError:
            return False
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


def http_serves(base_url: str, trusted: Path | None = None) -> bool:
    """Whether the gateway's `/healthz` answers 200; over HTTPS if `trusted` names the file of its certificate."""
    context = ssl.create_default_context(cafile=trusted) if trusted else None
    try:
        with urllib.request.urlopen(f"{base_url}/healthz", timeout=ASK_TIMEOUT_S, context=context) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False
