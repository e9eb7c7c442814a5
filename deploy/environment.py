"""Where things lie on this machine, and what the processes and the command-line tools are told about it."""

import os
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy.faults import CannotStart
from kit.identity import create_key_pair

HOST = "127.0.0.1"
SIGNING_SERVICES = ("auth", "selfie", "matcher")


def port_setting(service: str) -> str:
    return f"{service.upper()}_PORT"


def shared_settings(data: Path, database_url: str, ports: Mapping[str, int]) -> dict[str, str]:
    """What is the same for every process, and what the command-line tools read from `var/env`."""
    keys = data / "keys"
    return {
        "DATABASE_URL": database_url,
        "LISTEN_URL": database_url,
        "BLOB_URL": f"file://{data / 'blobs'}",
        "MINOIS_KEYS": str(keys),
        **{f"{name.upper()}_SIGNING_KEY": str(keys / f"{name}.key.pem") for name in SIGNING_SERVICES},
        **{port_setting(name): str(port) for name, port in ports.items()},
        **{f"{name.upper()}_ADDRESS": f"{HOST}:{port}" for name, port in ports.items()},
    }


def create_folders(data: Path) -> None:
    """Makes the folders that only their owner reads, and once a key pair for each service that signs."""
    for name in ("keys", "blobs"):
        (data / name).mkdir(mode=0o700, exist_ok=True)
    for name in SIGNING_SERVICES:
        create_key_pair(data / "keys", name)


def write_env_file(path: Path, settings: Mapping[str, str]) -> None:
    """Replaces the file as a whole; only its owner may read it."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.touch(mode=0o600)
    fresh.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    fresh.replace(path)


def check_ports(ports: Mapping[str, int]) -> None:
    """Raises CannotStart when another program listens on one of them."""
    for service, port in ports.items():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError as error:
                option = " or --port" if service == "gateway" else ""
                raise CannotStart(
                    f"Port {port} for {service} cannot be used ({os.strerror(error.errno or 0)}): "
                    f"choose another with {port_setting(service)}{option}."
                ) from None


def free_ports(services: Sequence[str]) -> dict[str, int]:
    """A port for each that nobody listened on a moment ago."""
    probes = [socket.socket() for _ in services]
    try:
        for probe in probes:
            probe.bind((HOST, 0))
        return {service: probe.getsockname()[1] for service, probe in zip(services, probes, strict=True)}
    finally:
        for probe in probes:
            probe.close()
