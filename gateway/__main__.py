"""Wiring and settings of the gateway."""

import signal
import sys
from typing import Any

import uvicorn
from fastapi import FastAPI
from pydantic import AliasChoices, Field

from gateway.app import create_app
from gateway.backends import Addresses
from gateway.limits import Bounds, Limits
from gateway.metrics import worker_metrics
from kit import failpoints, logs, settings
from kit.identity import Verifier
from kit.startup import check_tls, require_free, run_command

NAME = "gateway"

HTTP: dict[str, Any] = {
    "http": "gateway.connections:Connection",  # h11, which bounds what a header may take
    "h11_max_incomplete_event_size": 32 * 1024,
    "ws": "none",
    "access_log": False,
    "log_config": None,
    "server_header": False,
    "proxy_headers": False,
    "timeout_keep_alive": 15,
}


class GatewaySettings(
    settings.ProcessSettings,
    settings.TrustSettings,
    settings.PhotoSettings,
    settings.SelfieSettings,
    settings.TlsSettings,
):
    """python -m gateway: serve the REST interface."""

    gateway_host: str = Field("127.0.0.1", description="address to listen on; 0.0.0.0 for all")
    gateway_port: int = Field(8000, ge=0, le=65535, description="port to listen on; 0: any")
    gateway_workers: int = Field(
        1,
        ge=1,
        le=64,
        validation_alias=AliasChoices("gateway_workers", "gunicorn_workers"),
        description="processes; GUNICORN_WORKERS is taken as well",
    )
    gateway_head_timeout_s: float = Field(4, gt=0, le=600, description="how long a request head may take")
    gateway_body_timeout_s: float = Field(
        9.5, gt=0, le=600, description="how long a request body without a valid token may take"
    )
    gateway_body_pause_s: float = Field(
        60, gt=0, le=3600, description="how long a request body with a valid token may pause"
    )
    gateway_answer_timeout_s: float = Field(10, gt=0, le=600, description="how long an answer may stand still")
    gateway_call_timeout_s: float = Field(5, gt=0, le=60, description="how long a service may take")
    gateway_max_bodies: int = Field(1000, ge=1, description="request bodies that arrive at once, in each process")
    gateway_max_bodies_per_user: int = Field(32, ge=1, description="of these, of one user")
    gateway_max_selfies: int = Field(3, ge=1, description="selfies handed on at once")
    gateway_max_photos: int = Field(4, ge=1, description="photos handed on at once")
    gateway_max_streams: int = Field(200, ge=1, description="streams of events at once")
    gateway_max_requests: int = Field(128, ge=1, description="other requests at once")
    gateway_max_waiting: int = Field(32, ge=0, description="requests of a kind that may wait for their turn")
    auth_address: str = Field(description="auth_service, such as localhost:50051 or dns:///auth:50051")
    selfie_address: str = Field(description="selfie_service, such as localhost:50052")
    matcher_address: str = Field(description="matcher_service, such as localhost:50053")
    grace_s: float = Field(10, ge=0, le=300, description="how long a stop waits for running requests")


def main() -> None:
    run_command(serve)


def serve() -> None:
    config = settings.load(GatewaySettings)
    check_tls(config)
    Verifier.read(config.minois_keys)  # a fault ends the start here, not in each worker
    require_free(f"{config.gateway_host}:{config.gateway_port}")
    logs.configure(NAME, config.log_level, config.log_format == "json")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))  # uvicorn raises it once more when it has stopped
    with worker_metrics(config, config.gateway_workers):
        uvicorn.run(
            "gateway.__main__:create",
            factory=True,
            host=config.gateway_host,
            port=config.gateway_port,
            workers=config.gateway_workers,
            timeout_graceful_shutdown=round(config.grace_s),
            **HTTP,
        )


def create() -> FastAPI:
    """What each worker process runs."""
    config = settings.load(GatewaySettings)
    logs.configure(NAME, config.log_level, config.log_format == "json")
    failpoints.arm(config.failpoints)
    addresses = Addresses(config.auth_address, config.selfie_address, config.matcher_address)
    limits = Limits(
        head_s=config.gateway_head_timeout_s,
        body_s=config.gateway_body_timeout_s,
        pause_s=config.gateway_body_pause_s,
        answer_s=config.gateway_answer_timeout_s,
        call_s=config.gateway_call_timeout_s,
        max_photo_bytes=config.max_photo_mb * settings.MB,
        max_selfie_bytes=config.max_selfie_mb * settings.MB,
        bounds=Bounds(
            bodies=config.gateway_max_bodies,
            bodies_per_caller=config.gateway_max_bodies_per_user,
            selfies=config.gateway_max_selfies,
            photos=config.gateway_max_photos,
            streams=config.gateway_max_streams,
            requests=config.gateway_max_requests,
            waiting=config.gateway_max_waiting,
        ),
    )
    return create_app(addresses, config, limits, Verifier.read(config.minois_keys))


if __name__ == "__main__":
    main()
