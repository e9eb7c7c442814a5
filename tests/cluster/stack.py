"""Runs the services of compose.yaml with podman and runc, on a network of their own."""

import json
import os
import re
import subprocess
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.cluster.compose import Service
from tests.cluster.images import FOLDER, NoEngine

ENVIRONMENT = {**os.environ, "CONTAINERS_CONF": str(FOLDER / "containers.conf")}
START_S = 60.0
STOP_S = 20
COMMAND_S = 300


def podman(*words: str, check: bool = True, given: bytes | None = None) -> bytes:
    """Runs podman and returns its output. Raises NoEngine."""
    command = ["podman", "--log-level", "error", *words]
    done = subprocess.run(command, env=ENVIRONMENT, input=given, capture_output=True, timeout=COMMAND_S, check=False)
    if check and done.returncode != 0:
        raise NoEngine(f"podman {words[0]}: {done.stderr.decode()[-1500:]}")
    return done.stdout


class Stack:
    """Containers and volumes with the prefix `name`, removed on exit. Containers resolve those started before them."""

    def __init__(self, name: str, services: Mapping[str, Service]) -> None:
        self.name = name
        self.services = dict(services)
        self._addresses: dict[str, str] = {}

    def __enter__(self) -> Self:
        self.remove()
        podman("network", "create", self.name)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()

    def change(self, names: Iterable[str], **environment: str) -> None:
        """Overrides settings of the file from the next start on."""
        for name in names:
            service = self.services[name]
            self.services[name] = replace(service, environment={**service.environment, **environment})

    def run(self, name: str, *command: str, volumes: tuple[str, ...] = ()) -> str:
        """Runs a one-shot service, or another command, with additional volumes until it ends; returns its log.
        Raises NoEngine if it fails."""
        service = self.services[name]
        service = replace(service, volumes=(*service.volumes, *volumes))
        return podman("run", "--rm", *self._options(service), service.image, *(command or service.command)).decode()

    def feed(self, name: str, *command: str, given: bytes) -> bytes:
        """Runs another command with the volumes of a service; returns its output."""
        service = self.services[name]
        options = [*self._options(replace(service, ports=())), "--entrypoint", command[0]]
        return podman("run", "--rm", "--interactive", *options, service.image, *command[1:], given=given)

    def start(self, name: str) -> None:
        service = self.services[name]
        container = self.container(name)
        podman("run", "--detach", "--name", container, *self._options(service), service.image, *service.command)
        where = ("inspect", "--format", f'{{{{(index .NetworkSettings.Networks "{self.name}").IPAddress}}}}', container)
        self._addresses[name] = podman(*where).decode().strip()

    def stop(self, *names: str) -> dict[str, int]:
        """Stops and removes containers; returns their exit codes, 137 for one that had to be killed."""
        containers = [self.container(name) for name in names]
        podman("stop", "--time", str(STOP_S), *containers)
        codes = podman("inspect", "--format", "{{.State.ExitCode}}", *containers).split()
        podman("rm", *containers)
        for name in names:
            self._addresses.pop(name, None)
        return dict(zip(names, map(int, codes), strict=True))

    @property
    def host(self) -> str:
        """The address of this machine on the network, which exists while a container runs."""
        network = json.loads(podman("network", "inspect", self.name))[0]
        return str(network["subnets"][0]["gateway"])

    def container(self, name: str) -> str:
        return f"{self.name}-{name}"

    def address(self, name: str) -> str:
        return self._addresses[name]

    def enter(self, name: str, *command: str, given: bytes | None = None) -> bytes:
        """Runs a command in a running container."""
        return podman("exec", "--interactive", self.container(name), *command, given=given)

    def answers(self, name: str, *command: str) -> bool:
        """Whether a command in a container succeeds."""
        try:
            self.enter(name, *command)
        except NoEngine:
            return False
        return True

    def log(self, name: str) -> list[dict[str, object]]:
        done = subprocess.run(
            ["podman", "logs", self.container(name)], env=ENVIRONMENT, capture_output=True, text=True, check=True
        )
        lines = (done.stdout + done.stderr).splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def wait_for_log(self, name: str, action: str) -> dict[str, object]:
        """Waits for the log line with this `action`."""
        ends_at = time.monotonic() + START_S
        while True:
            for line in self.log(name):
                if line.get("action") == action:
                    return line
            if time.monotonic() > ends_at:
                raise AssertionError(f"{name} has not logged {action}: {self.log(name)[-5:]}")
            time.sleep(0.2)

    def peak_mb(self, name: str) -> int:
        """The sum of the peak memory of each of its processes."""
        top = podman("top", self.container(name), "hpid").decode().split()[1:]
        return sum(_peak_kb(int(pid)) for pid in top) // 1024

    def remove(self) -> None:
        """Removes the containers and volumes, including leftovers of earlier tests with this name."""
        names = podman("ps", "--all", "--format", "{{.Names}}").decode().split()
        for name in (name for name in names if name.startswith(f"{self.name}-")):
            podman("rm", "--force", "--time", "0", name, check=False)
        volumes = podman("volume", "ls", "--format", "{{.Name}}").decode().split()
        for volume in (volume for volume in volumes if volume.startswith(f"{self.name}_")):
            podman("volume", "rm", "--force", volume, check=False)
        podman("network", "rm", "--force", self.name, check=False)
        self._addresses.clear()

    def _options(self, service: Service) -> list[str]:
        options = [*service.flags, f"--network={service.network or self.name}", "--pids-limit=512"]
        options += [f"--env={name}={value}" for name, value in service.environment.items()]
        options += [f"--volume={self.name}_{volume}" for volume in service.volumes]
        options += [f"--tmpfs={path}:rw,size=512m" for path in service.tmpfs]
        options += [f"--publish={port}" for port in service.ports]
        if service.memory:
            options += [f"--memory={service.memory}"]
        if service.network != "none":
            options += [f"--add-host={name}:{address}" for name, address in self._addresses.items()]
        return options


def _peak_kb(pid: int) -> int:
    with suppress(OSError):
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
        return int(found[1]) if found else 0
    return 0
