"""Starts a process; a failure is one line on standard error and exit code 2."""

import argparse
import os
import socket
import sys
from collections.abc import Callable, Mapping
from typing import TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from kit import failpoints
from kit.errors import Unavailable
from kit.settings import InvalidSetting, ProcessSettings, TlsSettings
from kit.telemetry import logs, traces

Command = TypeVar("Command")
HELP = ("-h", "--help")  # kit.settings.load handles it, with the settings of the command


def choose_command(
    program: str, about: str | None, commands: Mapping[str, Command], with_options: tuple[str, ...] = ()
) -> tuple[Command, list[str]]:
    """Parses the command, `serve` by default, and its options. Exits with code 2 on options of a command without
    any."""
    parser = argparse.ArgumentParser(program, description=about, add_help=False)
    parser.add_argument("command", nargs="?", choices=commands, default="serve")
    chosen, options = parser.parse_known_args()
    unknown = [option for option in options if option not in HELP]
    if unknown and chosen.command not in with_options:
        parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    return commands[chosen.command], options


def run_command(command: Callable[[], None]) -> None:
    """Runs the chosen command of a `__main__`."""
    try:
        command()
    except InvalidSetting as fault:
        print(f"settings: {fault}", file=sys.stderr)
        raise SystemExit(2) from None
    except Unavailable as fault:
        why = first_line(fault.__cause__)
        print(f"{fault.message}{f' ({why})' if why else ''}", file=sys.stderr)
        raise SystemExit(2) from None


def begin_process(name: str, config: ProcessSettings) -> None:
    """Sets up logs, traces and failpoints, before anything else."""
    logs.configure(name, config.log_level, config.log_format == "json")
    traces.start(name, config)
    failpoints.arm(config.failpoints)


def require_free(address: str) -> None:
    """Raises InvalidSetting when it is not possible to listen on `host:port`."""
    host, _, port = address.rpartition(":")
    try:
        found = socket.getaddrinfo(
            host.strip("[]") or None, int(port), type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        for family, kind, protocol, _, where in found[:1]:
            with socket.socket(family, kind, protocol) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(where)
    except OSError as error:
        why = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
        raise InvalidSetting(f"cannot listen on {address}: {why}") from None


def check_tls(settings: TlsSettings) -> None:
    """Raises InvalidSetting for a file that is not PEM: gRPC would only fail on the first connection."""
    if not (settings.tls_cert and settings.tls_key and settings.tls_ca):
        return
    for name, file in (("TLS_CERT", settings.tls_cert), ("TLS_CA", settings.tls_ca)):
        try:
            x509.load_pem_x509_certificates(file.read_bytes())
        except (OSError, ValueError):
            raise InvalidSetting(f"{name}: {file} holds no certificate (PEM)") from None
    try:
        load_pem_private_key(settings.tls_key.read_bytes(), None)
    except (OSError, TypeError, ValueError):
        raise InvalidSetting(f"TLS_KEY: {settings.tls_key} holds no private key (PEM, without a password)") from None


def first_line(error: BaseException | None) -> str:
    """The first line of a driver's message: PostgreSQL's names the host and the cause."""
    error = getattr(error, "orig", None) or error
    return str(error).strip().splitlines()[0] if error and str(error).strip() else ""
