"""Wiring and settings of the gateway."""

import signal
import sys
from ipaddress import ip_network
from socket import socket
from typing import Any

import uvicorn
from fastapi import FastAPI
from pydantic import AliasChoices, Field, FilePath, field_validator
from uvicorn.supervisors import Multiprocess

from gateway.app import create_app
from gateway.backends.channels import Addresses
from gateway.http.limits import Bounds, Limits
from gateway.http.rates import Rates, parse_rates
from gateway.http.site import ORIGIN, ROOT_PATH, Site, listen_everywhere
from gateway.metrics import worker_metrics
from kit import failpoints, logs, settings
from kit.identity import Signer, Verifier
from kit.logs import get_logger
from kit.startup import check_tls, require_free, run_command

NAME = "gateway"
log = get_logger()

STARTUP_FAILURE = 3  # uvicorn's exit code

HTTP: dict[str, Any] = {
    "http": "gateway.http.protocol:Connection",  # h11, which bounds what a header may take
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

    gateway_host: str = Field("127.0.0.1", description="address to listen on; 0.0.0.0 for all of IPv4, :: for all")
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
        9, gt=0, le=600, description="how long a request body without a valid token may take"
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
    gateway_max_updates: int = Field(1000, ge=1, description="open pages that hear of changes, in each process")
    gateway_max_archives: int = Field(32, ge=1, description="archives of photos sent at once")
    gateway_max_requests: int = Field(128, ge=1, description="other requests at once")
    gateway_max_waiting: int = Field(32, ge=0, description="requests of a kind that may wait for their turn")
    rate_codes: str = Field(Rates.codes, description="checks of event codes by one address; none: no limit")
    rate_guests: str = Field(Rates.guests, description="new guests without a password from one address")
    rate_registrations: str = Field(Rates.registrations, description="registrations from one address")
    rate_logins: str = Field(Rates.logins, description="logins from one address")
    rate_passwords: str = Field(Rates.passwords, description="logins to one account from one address")
    rate_selfies: str = Field(Rates.selfies, description="selfies of one account")
    root_path: str = Field("", description="path prefix under which a proxy shows the gateway, such as /photos")
    public_url: str = Field(
        "", description="address that guests use, such as https://photos.example.org; for links, QR codes and cookies"
    )
    trusted_proxies: str = Field(
        "", description="addresses or networks of proxies whose X-Forwarded-For and -Proto are believed, by commas"
    )
    cors_origins: str = Field(
        "", description="origins whose pages may call the gateway, by commas, or *; never with credentials"
    )
    auth_address: settings.Target = Field(description="auth_service, such as localhost:50051 or dns:///auth:50051")
    selfie_address: settings.Target = Field(description="selfie_service, such as localhost:50052")
    matcher_address: settings.Target = Field(description="matcher_service, such as localhost:50053")
    grace_s: float = Field(10, ge=0, le=300, description="how long a stop waits for running requests")
    signing_key: FilePath | None = Field(
        None, description="the gateway's private Ed25519 key (PEM), for live updates; none: /api/updates answers 503"
    )

    @field_validator(*(f"rate_{name}" for name in vars(Rates())))
    @classmethod
    def _check_rate(cls, rate: str) -> str:
        try:
            parse_rates(rate)
        except ValueError:
            raise ValueError("must be like 10/minute or 10/minute;100/hour, or none") from None
        return rate

    @field_validator("root_path")
    @classmethod
    def _check_root_path(cls, path: str) -> str:
        if path.rstrip("/") and not ROOT_PATH.fullmatch(path.rstrip("/")):
            raise ValueError("must be a path such as /photos, which does not begin as one of the gateway's own")
        return path.rstrip("/")

    @field_validator("public_url")
    @classmethod
    def _check_public_url(cls, url: str) -> str:
        if url and not (ORIGIN.fullmatch(url.rstrip("/")) and url != "*"):
            raise ValueError("must be scheme and host such as https://photos.example.org; ROOT_PATH is for the path")
        return url.rstrip("/")

    @field_validator("trusted_proxies")
    @classmethod
    def _check_proxies(cls, proxies: str) -> str:
        for proxy in split(proxies):
            ip_network(proxy, strict=False)
        return proxies

    @field_validator("cors_origins")
    @classmethod
    def _check_origins(cls, origins: str) -> str:
        if not all(ORIGIN.fullmatch(origin) for origin in split(origins)):
            raise ValueError("must be origins such as https://example.org, without a path, or *")
        return origins


def split(names: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in names.split(",") if name.strip())


def main() -> None:
    run_command(serve)


def serve() -> None:
    config = settings.load(GatewaySettings)
    check_tls(config)
    read_keys(config)  # a fault ends the start here, not in each worker
    require_free(f"{config.gateway_host}:{config.gateway_port}")
    logs.configure(NAME, config.log_level, config.log_format == "json")
    if config.signing_key is None:
        log.warning("SIGNING_KEY is not set: there are no live updates.", action="no_updates")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))  # uvicorn raises it once more when it has stopped
    server = uvicorn.Config(
        "gateway.__main__:create",
        factory=True,
        host=config.gateway_host,
        port=config.gateway_port,
        workers=config.gateway_workers,
        timeout_graceful_shutdown=round(config.grace_s),
        **HTTP,
    )
    with worker_metrics(config, config.gateway_workers):
        run(server, listen_everywhere(config.gateway_port) if config.gateway_host == "::" else [])


def run(config: uvicorn.Config, sockets: list[socket]) -> None:
    """Serves on `sockets`, or where the configuration says. `uvicorn.run` accepts no sockets."""
    if config.workers > 1:
        Multiprocess(config, sockets=sockets or [config.bind_socket()]).run()
        return
    server = uvicorn.Server(config)
    server.run(sockets or None)
    if not server.started:
        sys.exit(STARTUP_FAILURE)


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
        rates=Rates(**{name: getattr(config, f"rate_{name}") for name in vars(Rates())}),
        bounds=Bounds(
            bodies=config.gateway_max_bodies,
            bodies_per_caller=config.gateway_max_bodies_per_user,
            selfies=config.gateway_max_selfies,
            photos=config.gateway_max_photos,
            streams=config.gateway_max_streams,
            updates=config.gateway_max_updates,
            archives=config.gateway_max_archives,
            requests=config.gateway_max_requests,
            waiting=config.gateway_max_waiting,
        ),
    )
    site = Site(config.root_path, config.public_url, split(config.trusted_proxies), split(config.cors_origins))
    verifier, signer = read_keys(config)
    return create_app(addresses, config, limits, verifier, site, signer)


def read_keys(config: GatewaySettings) -> tuple[Verifier, Signer | None]:
    """Raises InvalidSetting."""
    verifier = Verifier.read(config.minois_keys)
    if config.signing_key is None:
        return verifier, None
    signer = Signer.read(NAME, config.signing_key)
    verifier.require_match(signer)
    return verifier, signer


if __name__ == "__main__":
    main()
