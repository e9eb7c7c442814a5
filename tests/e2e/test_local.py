"""`minois run`: the whole system on one machine shuts down completely and keeps its data."""

import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import psutil
import pytest

from deploy.local.environment import free_ports
from deploy.local.processes import DEFAULT_PORTS
from deploy.local.system import LocalSystem
from deploy.local.welcome import draw_code
from deploy.sample.event import SampleEvent
from tests.e2e.party import until


@pytest.fixture
def data() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="mn-local-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        yield Path(folder) / "data"


@pytest.fixture(scope="module")
def created() -> Iterator[Path]:
    """A data folder for several systems that do not start, so that only the first one creates a database."""
    with tempfile.TemporaryDirectory(prefix="mn-local-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        yield Path(folder) / "data"
        LocalSystem(Path(folder) / "data").remove_data()


def start(data: Path, ports: dict[str, int], **more: str) -> subprocess.Popen[str]:
    settings = {f"{name.upper()}_PORT": str(port) for name, port in ports.items()} | more
    command = [sys.executable, "-m", "deploy.local", "run"]
    environment = {**os.environ, **settings, "MINOIS_DATA": str(data), "PIP_NO_INDEX": "1"}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def processes_of(data: Path) -> list[psutil.Process]:
    """All processes that use this data folder, by their environment."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("BLOB_URL", "").startswith(f"file://{data}"):
                found.append(process)
        except psutil.Error:
            continue
    return found


@pytest.mark.parametrize("stroke", [signal.SIGINT, signal.SIGKILL])
def test_stopping_the_command_stops_every_process(data: Path, stroke: signal.Signals) -> None:
    ports = free_ports(list(DEFAULT_PORTS))
    elsewhere = {"DATABASE_URL": "postgresql://elsewhere/other"} if stroke is signal.SIGINT else {}
    with start(data, ports, **elsewhere) as command:
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
        output, _ = command.communicate()
        assert ("DATABASE_URL is ignored" in output) == bool(elsewhere)
        until(lambda: processes_of(data), lambda left: not left)
    if stroke is signal.SIGINT:
        with LocalSystem(data, ports=ports) as again, httpx2.Client(base_url=again.base_url) as http:
            known = json.loads(sample.read_text())
            login = {"username": known["username"], "password": known["password"]}
            assert http.post("/api/login", json=login).status_code == 200
    LocalSystem(data).remove_data()


def test_a_second_start_on_the_same_data_is_rejected(system: LocalSystem) -> None:
    with start(system.data, free_ports(list(DEFAULT_PORTS))) as second:
        output, _ = second.communicate(timeout=60)
    assert second.returncode == 1
    assert "already running" in output


def read_until(command: subprocess.Popen[str], last: str) -> list[str]:
    """Reads the command's output up to a line."""
    lines: list[str] = []
    while not lines or not lines[-1].startswith(last):
        line = command.stdout.readline() if command.stdout else ""
        assert line, lines
        lines.append(line)
    return lines


def test_commands_printed_at_startup_can_be_pasted_twice(data: Path, sample: SampleEvent) -> None:
    """Includes a second indexer, JSON logs and metrics, as the printed text suggests."""
    shutil.copytree("var/sample", data / "sample")  # downloaded by the fixture
    ports = free_ports([*DEFAULT_PORTS, *(f"metrics {number}" for number in range(7))])
    ports, metrics = {name: ports[name] for name in DEFAULT_PORTS}, max(ports.values()) + 1
    with start(data, ports, INDEXERS="2", LOG_FORMAT="json", METRICS_PORT=str(metrics)) as command:
        try:
            shown = read_until(command, "Press Ctrl-C to stop everything.")
            begin = next(number for number, line in enumerate(shown) if "paste this" in line)
            for _ in range(2):
                done = subprocess.run(
                    ["bash", "-e"], input="".join(shown[begin + 1 : -1]), capture_output=True, text=True, timeout=60
                )
                assert (done.returncode, done.stderr) == (0, "")
                assert '"status":"done","matched":8' in done.stdout
                assert len(json.loads(done.stdout.splitlines()[-1])["photos"]) == 8
            assert f"http://127.0.0.1:{metrics}/metrics" in "".join(shown)
            assert "photos_queue_depth" in httpx2.get(f"http://127.0.0.1:{metrics + 5}/metrics").text
        finally:
            command.send_signal(signal.SIGINT)
            rest, _ = command.communicate()
    terminal = "".join(shown) + rest
    entries = [json.loads(line) for line in (data / "minois.log").read_text().splitlines()]
    assert {"auth", "gateway", "indexer", "postgres"} <= {entry["process"] for entry in entries}
    assert any(entry.get("action") == "request" and entry["path"] == "/api/my-photos" for entry in entries)
    assert "/api/my-photos" not in terminal.replace("".join(shown[begin:]), "")
    assert re.search(r"Photos read: \d+ of 16", terminal)
    assert "A guest registered." in terminal
    assert f"http://127.0.0.1:{ports['gateway']}/organiser\n" in terminal
    guest_page = re.search(r"guest page +(http://\S+)", terminal)
    assert guest_page
    assert draw_code(guest_page[1]) in terminal
    assert "unavailable" not in rest, "the database stops last"
    LocalSystem(data).remove_data()


def test_with_tls_only_the_gateway_is_reachable_from_the_network(data: Path, sample: SampleEvent) -> None:
    """Connects to an address of this machine and checks the certificate against the printed fingerprint."""
    shutil.copytree("var/sample", data / "sample")  # downloaded by the fixture
    ports = free_ports(list(DEFAULT_PORTS))
    with start(data, ports, TLS="1") as command:
        try:
            shown = "".join(read_until(command, "Press Ctrl-C to stop everything."))
            page = re.search(r"guest page +(https://\S+)", shown)
            assert page
            trusting = ssl.create_default_context(cafile=data / "keys" / "https.cert.pem")
            answer = httpx2.get(page[1], verify=trusting)
            assert answer.status_code == 200
            assert "strict-transport-security" not in answer.headers
            address = urlsplit(page[1])
            served = ssl.get_server_certificate((str(address.hostname), ports["gateway"]))
            fingerprint = sha256(ssl.PEM_cert_to_DER_cert(served)).digest().hex(":").upper()
            assert fingerprint == ":".join(re.findall(r"^ +((?:[0-9A-F]{2}:){15}[0-9A-F]{2})$", shown, re.MULTILINE))
            assert draw_code(page[1]) in shown
            open_ports = {
                listening.laddr.port
                for process in processes_of(data)
                for listening in process.net_connections("tcp")
                if listening.status == psutil.CONN_LISTEN and not is_loopback(listening.laddr.ip)
            }
            assert open_ports == {ports["gateway"]}
        finally:
            command.send_signal(signal.SIGINT)
            command.communicate()
    LocalSystem(data).remove_data()


def is_loopback(address: str) -> bool:
    return ip_address(address.removeprefix("::ffff:")).is_loopback


@pytest.mark.parametrize(
    ("setting", "line"),
    [
        ({"MINOIS_DATA": __file__}, f"MINOIS_DATA: {__file__} cannot be used as a folder"),
        ({"DB_POOL_SIZE": "abc"}, "DB_POOL_SIZE: Input should be a valid integer"),
        ({"DB_POOL_SIZE": "90"}, "lower DB_POOL_SIZE"),
        ({"INDEXERS": "0"}, "INDEXERS: Input should be greater than or equal to 1"),
        ({"MATCHER_PORT": "{busy}"}, "Port {busy} for matcher cannot be used (Address already in use)"),
        ({"METRICS_PORT": "{busy}"}, "Port {busy} for the metrics of auth cannot be used"),
        ({"TLS": "1", "GATEWAY_PORT": "{busy}"}, "Port {busy} for gateway cannot be used (Address already in use)"),
        ({"TLS": "1", "PUBLIC_URL": "http://party.example"}, "PUBLIC_URL must begin with https://"),
        ({"LOG_LEVEL": "LOUD"}, "LOG_LEVEL: Input should be 'DEBUG'"),
        ({"FACE_TOLERANCE": "none"}, "matcher: FACE_TOLERANCE: Input should be a valid number"),
        ({"BLOB_URL": "/photos"}, "selfie: BLOB_URL: must be file:///path or s3://bucket"),
    ],
)
def test_an_invalid_setting_is_reported_in_the_last_line(created: Path, setting: dict[str, str], line: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        busy = str(server.getsockname()[1])
        settings = {name: value.format(busy=busy) for name, value in setting.items()}
        folder = Path(settings.pop("MINOIS_DATA", created))
        with start(folder, free_ports(list(DEFAULT_PORTS)), **settings) as command:
            output, _ = command.communicate(timeout=120)
    assert command.returncode == 2
    assert line.format(busy=busy) in output.splitlines()[-1]
    assert "Traceback" not in output
