"""Wiring and settings of auth_service."""

import argparse
import getpass
import os
import sys
from pathlib import Path
from threading import Event, Thread

from pydantic import Field

from auth_service.domain import InvalidForm
from auth_service.invitations import show_setup_code
from auth_service.passwords import Passwords
from auth_service.service import Auth
from auth_service.servicer import AuthServicer
from auth_service.store import Stores
from auth_service.tokens import TokenMaker
from kit import failpoints, logs, settings
from kit.db import create_db
from kit.identity import Signer, Verifier
from kit.logs import get_logger
from kit.metrics import serve_metrics
from kit.migrations import migrate
from kit.server import Registration, Server
from kit.startup import run_command
from kit.worker import run_steps, stop_on_signals
from protos.auth.v1 import auth_pb2, auth_pb2_grpc

NAME = "auth"
TIDY_S = 3600.0

log = get_logger()


class MigrateSettings(settings.ProcessSettings, settings.DatabaseSettings):
    """python -m auth_service migrate: bring the schema `auth` to the newest version."""


class OrganiserSettings(MigrateSettings, settings.KeySettings):
    """python -m auth_service add-organiser --username U --email E: make an account that may create events."""

    minois_password: str = Field("", description="the organiser's password; empty: asked for")


class ServeSettings(OrganiserSettings, settings.ServerSettings):
    """python -m auth_service: serve accounts, events and tokens over gRPC."""

    auth_port: int = Field(50051, ge=0, le=65535, description="port to listen on; 0: any")
    # Every process of selfie_service, of matcher_service and of the gateway has a long poll here.
    max_streams: int = Field(16, ge=1, le=256, description="threads for streams and long polls")


def main() -> None:
    commands = {"serve": serve, "migrate": run_migrations, "add-organiser": add_organiser}
    parser = argparse.ArgumentParser("auth_service", description=__doc__, add_help=False)
    parser.add_argument("command", nargs="?", choices=commands, default="serve")
    chosen, rest = parser.parse_known_args()
    run_command(lambda: commands[chosen.command](rest))


def serve(_: list[str]) -> None:
    config = settings.load(ServeSettings)
    logs.configure(NAME, config.log_level, config.log_format == "json")
    failpoints.arm(config.failpoints)
    stop = stop_on_signals()
    serve_metrics(config)
    auth = _build(config, stop)

    offered = False

    def tidy() -> bool:
        nonlocal offered
        if not offered:
            _offer_setup(auth)
            offered = True
        auth.tidy()
        stop.wait(TIDY_S)
        return True

    registration = Registration(
        AuthServicer(auth),
        auth_pb2_grpc.add_AuthServiceServicer_to_server,
        auth_pb2.DESCRIPTOR.services_by_name["AuthService"],
    )
    verifier = Verifier.read(config.minois_keys)
    verifier.require_match(Signer.read(NAME, config.signing_key))
    server = Server(config, config.auth_port, verifier, [registration])
    Thread(target=run_steps, args=(tidy, stop.wait, stop, "tidy"), name="tidy", daemon=True).start()
    server.run_until(stop)


def run_migrations(_: list[str]) -> None:
    config = settings.load(MigrateSettings)
    logs.configure(NAME, config.log_level, config.log_format == "json")
    migrate(config.database_url, "auth", Path(__file__).parent / "migrations")


def add_organiser(arguments: list[str]) -> None:
    settings.read_env_file(NAME)
    parser = argparse.ArgumentParser("auth_service add-organiser", description="Make an organiser's account.")
    parser.add_argument("--username", required=True)
    parser.add_argument("--email", required=True)
    chosen = parser.parse_args(arguments)
    config = settings.load(OrganiserSettings)
    logs.configure(NAME, "ERROR")
    password = config.minois_password or getpass.getpass("Password: ")
    try:
        user_id = _build(config, Event()).accounts.add_organiser(chosen.username, chosen.email, password)
    except InvalidForm as fault:
        faults = " ".join(violation.message for violation in fault.violations)
        print(f"add-organiser: {faults or fault.message}", file=sys.stderr)
        raise SystemExit(1) from None
    print(f"Organiser {chosen.username} can log in now ({user_id}).")


def _offer_setup(auth: Auth) -> None:
    if code := auth.setup.offer():
        log.info(
            f"No organiser exists: create the first one on the page /organiser with the code {show_setup_code(code)}.",
            action="first_organiser",
        )


def _build(config: OrganiserSettings, stop: Event) -> Auth:
    db = create_db(config.database_url, config.db_pool_size, config.db_max_overflow, f"{NAME}-{os.getpid()}")
    signer = Signer.read(NAME, config.signing_key)
    return Auth(Stores(db), Passwords(), TokenMaker(signer), stop)


if __name__ == "__main__":
    main()
