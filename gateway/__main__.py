"""Wiring of the gateway."""

import signal
import sys

import uvicorn
from fastapi import FastAPI

from gateway.app import create_app
from gateway.backends.channels import Addresses
from gateway.http.site import listen_everywhere
from gateway.http.tls import Certificate
from gateway.metrics import worker_metrics
from gateway.server import HTTP, end_with_parent, run
from gateway.settings import GatewaySettings
from kit import failpoints, settings
from kit.memory import keep_freed_memory, keep_startup_objects
from kit.rpc.identity import Signer, Verifier
from kit.startup import check_tls, choose_command, require_free, run_command
from kit.telemetry import logs, traces
from kit.telemetry.logs import get_logger

NAME = "gateway"
log = get_logger()


def main() -> None:
    command, _ = choose_command("gateway", __doc__, {"serve": serve})
    run_command(command)


def serve() -> None:
    config = settings.load(GatewaySettings)
    check_tls(config)
    read_keys(config)  # a fault ends the start here, not in each worker
    certificate = read_certificate(config)
    require_free(f"{config.gateway_host}:{config.gateway_port}")
    logs.configure(NAME, config.log_level, config.log_format == "json")
    if config.signing_key is None:
        log.warning("SIGNING_KEY is not set: there are no live updates.", action="no_updates")
    if config.gateway_workers > 1 and not config.rate_limit_url:
        log.warning(
            "RATE_LIMIT_URL is not set: each process counts rate limits by itself.",
            action="rates_not_shared",
            processes=config.gateway_workers,
        )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))  # uvicorn re-raises it after its shutdown
    server = uvicorn.Config(
        "gateway.__main__:create",
        factory=True,
        host=config.gateway_host,
        port=config.gateway_port,
        workers=config.gateway_workers,
        timeout_graceful_shutdown=round(config.grace_s),
        ssl_context_factory=certificate,
        **HTTP,
    )
    with worker_metrics(config, config.gateway_workers):
        run(server, listen_everywhere(config.gateway_port) if config.gateway_host == "::" else [])


def create() -> FastAPI:
    """What each worker process runs."""
    config = settings.load(GatewaySettings)
    logs.configure(NAME, config.log_level, config.log_format == "json")
    traces.start(NAME, config)
    keep_freed_memory()
    end_with_parent()
    failpoints.arm(config.failpoints)
    addresses = Addresses(config.auth_address, config.selfie_address, config.matcher_address)
    verifier, signer = read_keys(config)
    site, sends_mail = config.site(), bool(config.mail_from)
    app = create_app(addresses, config, config.limits(), verifier, site, signer, sends_mail, config.gateway_docs)
    keep_startup_objects()
    return app


def read_keys(config: GatewaySettings) -> tuple[Verifier, Signer | None]:
    """Raises InvalidSetting."""
    verifier = Verifier.read(config.minois_keys)
    if config.signing_key is None:
        return verifier, None
    signer = Signer.read(NAME, config.signing_key)
    verifier.require_match(signer)
    return verifier, signer


def read_certificate(config: GatewaySettings) -> Certificate | None:
    """That of HTTPS, None for plain HTTP. Raises InvalidSetting."""
    if config.gateway_tls_cert is None or config.gateway_tls_key is None:
        return None
    certificate = Certificate(config.gateway_tls_cert, config.gateway_tls_key)
    certificate.check()
    return certificate


if __name__ == "__main__":
    main()
