"""Reads the subset of the Compose format that our compose.yaml uses; anything else is an error."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import yaml

VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")
# Keys that the tests ignore: they build the image and start services themselves, and neither restart nor check them.
IGNORED = {"build", "restart", "healthcheck", "profiles", "stop_grace_period", "shm_size"}
GIB, MIB = "g", "m"


@dataclass(frozen=True)
class Service:
    """One container of compose.yaml. `volumes`: NAME:PATH, with :ro if read-only."""

    name: str
    image: str
    command: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    volumes: tuple[str, ...] = ()
    tmpfs: tuple[str, ...] = ()
    memory: str = ""
    network: str = ""
    ports: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()

    @classmethod
    def parse(cls, name: str, raw: Mapping[str, Any], given: Mapping[str, str]) -> Self:
        rest = dict(raw)
        named = {key: rest.pop(key, None) for key in ("environment", "depends_on")}
        lists = {key: tuple(rest.pop(key, None) or ()) for key in ("command", "volumes", "tmpfs", "ports")}
        flags = ["--read-only"] if rest.pop("read_only", False) else []
        flags += [f"--cap-drop={capability}" for capability in rest.pop("cap_drop", ())]
        flags += [f"--security-opt={option.replace(':true', '')}" for option in rest.pop("security_opt", ())]
        service = cls(
            name,
            image=rest.pop("image"),
            environment=_environment(named["environment"] or {}, given),
            memory=rest.pop("mem_limit", ""),
            network=rest.pop("network_mode", ""),
            after=tuple(named["depends_on"] or {}),
            flags=tuple(flags),
            **lists,
        )
        if unknown := set(rest) - IGNORED:
            raise ValueError(f"{name}: the tests do not support {sorted(unknown)}")
        return service


def read_services(path: Path, given: Mapping[str, str]) -> dict[str, Service]:
    """The services without a profile, in start order, with the `given` variables."""
    file = yaml.safe_load(VARIABLE.sub(lambda found: given.get(found[1]) or found[2] or "", path.read_text()))
    services = {name: Service.parse(name, raw, given) for name, raw in file["services"].items()}
    return {name: services[name] for name in _in_order(services)}


def profiled(path: Path) -> set[str]:
    """The services that start only on request."""
    services = yaml.safe_load(path.read_text())["services"]
    return {name for name, raw in services.items() if "profiles" in raw}


def _environment(raw: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, str]:
    """A name without a value is passed through if it is set."""
    values = {name: given.get(name) if value is None else str(value) for name, value in raw.items()}
    return {name: value for name, value in values.items() if value is not None}


def _in_order(services: Mapping[str, Service]) -> list[str]:
    order: list[str] = []

    def visit(name: str) -> None:
        for other in services[name].after:
            visit(other)
        if name not in order:
            order.append(name)

    for name in services:
        visit(name)
    return order
