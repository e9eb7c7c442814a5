"""Everything on this machine with one command: it stops whole, and keeps its data."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx2
import psutil
import pytest

from deploy.environment import free_ports
from deploy.processes import DEFAULT_PORTS
from deploy.system import LocalSystem
from tests.e2e.party import until


@pytest.fixture
def data() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="mn-local-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        yield Path(folder) / "data"


def start(data: Path, ports: dict[str, int]) -> subprocess.Popen[str]:
    settings = {f"{name.upper()}_PORT": str(port) for name, port in ports.items()}
    command = [sys.executable, "-m", "deploy.local", "run"]
    environment = {**os.environ, **settings, "MINOIS_DATA": str(data), "PIP_NO_INDEX": "1"}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def processes_of(data: Path) -> list[psutil.Process]:
    """Everything that works for this data folder, by its environment."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("BLOB_URL", "").startswith(f"file://{data}"):
                found.append(process)
        except psutil.Error:
            continue
    return found


@pytest.mark.parametrize("stroke", [signal.SIGINT, signal.SIGKILL])
def test_the_end_of_the_command_is_the_end_of_everything(data: Path, stroke: signal.Signals) -> None:
    ports = free_ports(list(DEFAULT_PORTS))
    with start(data, ports) as command:
        url = f"http://127.0.0.1:{ports['gateway']}"

        def answers() -> bool:
            assert command.poll() is None
            try:
                return httpx2.get(f"{url}/healthz").status_code == 200
            except httpx2.TransportError:
                return False

        until(answers, bool)
        sample = data / "sample.json"
        until(lambda: json.loads(sample.read_text())["event_code"] if sample.exists() else "", bool)
        assert len(processes_of(data)) >= 6
        command.send_signal(stroke)
        command.communicate()
        until(lambda: processes_of(data), lambda left: not left)
    if stroke is signal.SIGINT:
        with LocalSystem(data, ports=ports) as again, httpx2.Client(base_url=again.base_url) as http:
            known = json.loads(sample.read_text())
            login = {"username": known["username"], "password": known["password"]}
            assert http.post("/api/login", json=login).status_code == 200
    LocalSystem(data).remove_data()


def test_a_second_start_on_the_same_data_says_so(system: LocalSystem) -> None:
    with start(system.data, free_ports(list(DEFAULT_PORTS))) as second:
        output, _ = second.communicate(timeout=60)
    assert second.returncode == 1
    assert "runs already" in output
