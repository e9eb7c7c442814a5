"""Paths, ports and keys on this machine, and the settings of the processes and command-line tools."""

import os
import random
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy.local.faults import WrongSetting
from deploy.prepare import SIGNING_SERVICES
from kit.rpc.identity import create_key_pair

HOST = "127.0.0.1"
EVERYWHERE = "0.0.0.0"
# Below the range of outgoing connections, one of which could occupy the port of a process that restarts.
PORT_RANGE = (20_000, 32_000)


def port_setting(service: str) -> str:
    return f"{service.upper()}_PORT"


def address_of(ports: Sequence[int]) -> str:
    """The gRPC target of a service, with the addresses of all replicas: gRPC balances over them."""
    addresses = ",".join(f"{HOST}:{port}" for port in ports)
    return addresses if len(ports) == 1 else f"ipv4:{addresses}"


def shared_settings(
    data: Path,
    database_url: str,
    service_urls: Mapping[str, str],
    ports: Mapping[str, Sequence[int]],
    blob_url: str = "",
    master_key: str = "",
) -> dict[str, str]:
    """The settings shared by every process, which the command-line tools read from `var/env`.

    `service_urls`: the database as the role of each service. `ports`: for each service the ports of its replicas.
    `blob_url`, `master_key`: replacements for those in the data folder.
    """
    keys = data / "keys"
    return {
        "DATABASE_URL": database_url,
        "LISTEN_URL": database_url,
        **{f"{name.upper()}_DATABASE_URL": url for name, url in service_urls.items()},
        "BLOB_URL": blob_url or f"file://{data / 'blobs'}",
        "MINOIS_KEYS": str(keys),
        "MASTER_KEY": master_key or str(master_key_of(data)),
        **{f"{name.upper()}_SIGNING_KEY": str(keys / f"{name}.key.pem") for name in SIGNING_SERVICES},
        **{port_setting(name): str(numbers[0]) for name, numbers in ports.items()},
        **{f"{name.upper()}_ADDRESS": address_of(numbers) for name, numbers in ports.items()},
    }


def master_key_of(data: Path) -> Path:
    """The master key, in a folder that backups leave out."""
    return data / "master" / "master.key"


def create_folders(data: Path) -> None:
    """Creates the folders, readable only by their owner, and missing key pairs of the services that sign."""
    for name in ("keys", "blobs"):
        (data / name).mkdir(mode=0o700, exist_ok=True)
    for name in SIGNING_SERVICES:
        create_key_pair(data / "keys", name)


def write_env_file(path: Path, settings: Mapping[str, str]) -> None:
    """Replaces the file atomically; only its owner may read it."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.touch(mode=0o600)
    fresh.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    fresh.replace(path)


def check_ports(ports: Mapping[str, int], *, is_open: bool = False) -> None:
    """Raises WrongSetting if a port is in use; `is_open` checks the gateway's port on every address."""
    for service, port in ports.items():
        if reason := _fault_of(port, EVERYWHERE if is_open and service == "gateway" else HOST):
            option = " or --port" if service == "gateway" else ""
            raise WrongSetting(
                f"Port {port} for {service} cannot be used ({reason}): "
                f"choose another with {port_setting(service)}{option}."
            )


def check_metrics_ports(ports: Mapping[str, int]) -> None:
    """Raises WrongSetting if a port is in use."""
    for name, port in ports.items():
        if reason := _fault_of(port):
            raise WrongSetting(
                f"Port {port} for the metrics of {name} cannot be used ({reason}): choose another METRICS_PORT."
            )


def free_ports(names: Sequence[str]) -> dict[str, int]:
    """A port for each name that was free a moment ago."""
    ports: list[int] = []
    while len(ports) < len(names):
        port = random.randrange(*PORT_RANGE)
        if port not in ports and not _fault_of(port):
            ports.append(port)
    return dict(zip(names, ports, strict=True))


def _fault_of(port: int, host: str = HOST) -> str:
    """Why the port cannot be listened on; empty if it can."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return os.strerror(error.errno or 0)
    return ""
