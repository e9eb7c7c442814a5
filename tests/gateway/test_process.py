"""The gateway process: settings, worker processes, metrics, and a stop that does not wait for streams."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from threading import Event

import httpx2
import psutil
import pytest

from kit.rpc.identity import create_key_pair
from protos.auth.v1 import auth_pb2
from protos.selfie.v1 import selfie_pb2 as pb
from tests.gateway.world import SIGNED, TOKEN, public_keys, running_services

START_S = 30.0
PENDING = pb.GetRematchStateResponse(selfie_state=pb.SELFIE_STATE_PENDING)


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def running_process(**settings: str) -> Iterator[subprocess.Popen[bytes]]:
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_WORKERS")}
    process = subprocess.Popen(
        [sys.executable, "-m", "gateway"],
        env={**environment, "MINOIS_KEYS": public_keys().name, **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def wait_until_ready(url: str) -> None:
    """Retries until the gateway accepts connections."""
    ends_at = time.monotonic() + START_S
    while time.monotonic() < ends_at:
        with suppress(httpx2.TransportError):
            httpx2.get(f"{url}/readyz", timeout=5)
            return
    raise TimeoutError


@pytest.mark.parametrize("workers", [{"GATEWAY_WORKERS": "1"}, {"GUNICORN_WORKERS": "2"}])
def test_a_stop_ends_open_streams_within_seconds(workers: dict[str, str]) -> None:
    port, metrics_port = free_port(), free_port()
    url = f"http://127.0.0.1:{port}"
    with running_services() as (services, address):
        services.answers["GetRematchState"] = PENDING
        settings = {f"{name}_ADDRESS": address for name in ("AUTH", "SELFIE", "MATCHER")}
        ports = {"GATEWAY_PORT": str(port), "METRICS_PORT": str(metrics_port)}
        with running_process(**settings, **ports, **workers) as process:
            wait_until_ready(url)
            with httpx2.stream("GET", f"{url}/api/rematch-events", headers=SIGNED, timeout=10) as stream:
                lines = stream.iter_lines()
                assert next(lines).startswith("id: ")
                metrics = httpx2.get(f"http://127.0.0.1:{metrics_port}/metrics").text
                assert 'http_handled_total{method="GET",route="/readyz",status="200"}' in metrics
                process.send_signal(signal.SIGTERM)
                stopped_at = time.monotonic()
                with suppress(httpx2.RemoteProtocolError):
                    list(lines)
            assert process.wait(10) == 0
            assert time.monotonic() - stopped_at < 8


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_stop_ends_open_pages_immediately(workers: str, tmp_path: Path) -> None:
    """Pages stay open by themselves, so without being ended they would last for the whole grace period."""
    create_key_pair(tmp_path, "gateway")
    port = free_port()
    with running_services() as (_, address):
        settings = {f"{name}_ADDRESS": address for name in ("AUTH", "SELFIE", "MATCHER")}
        settings |= {"GATEWAY_PORT": str(port), "GATEWAY_WORKERS": workers, "GRACE_S": "60"}
        with running_process(**settings, SIGNING_KEY=str(tmp_path / "gateway.key.pem")) as process:
            wait_until_ready(f"http://127.0.0.1:{port}")
            with ExitStack() as pages:
                opened = []
                for _ in range(4):
                    page = httpx2.stream("GET", f"http://127.0.0.1:{port}/api/updates", headers=SIGNED, timeout=10)
                    opened.append(pages.enter_context(page).iter_lines())
                assert all(next(lines).startswith("retry: ") for lines in opened)
                process.send_signal(signal.SIGTERM)
                stopped_at = time.monotonic()
                for lines in opened:
                    list(lines)  # complete: a stream that is cut off raises
                assert time.monotonic() - stopped_at < 5
            assert process.wait(10) == 0


def test_a_gateway_without_a_signing_key_starts_and_logs_a_warning() -> None:
    port = free_port()
    with running_services() as (_, address):
        settings = {f"{name}_ADDRESS": address for name in ("AUTH", "SELFIE", "MATCHER")}
        with running_process(**settings, GATEWAY_PORT=str(port), SIGNING_KEY="") as process:
            wait_until_ready(f"http://127.0.0.1:{port}")
            answer = httpx2.get(f"http://127.0.0.1:{port}/api/updates", headers=SIGNED)
            assert (answer.status_code, answer.json()["reason"]) == (503, "service_unavailable")
            process.send_signal(signal.SIGTERM)
            output = process.communicate(timeout=10)[0]
    assert b"SIGNING_KEY is not set: there are no live updates." in output


def refuses(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def test_a_stop_finishes_a_running_request_and_closes_its_connection() -> None:
    port, asked, release = free_port(), Event(), Event()

    def answer(_: object) -> pb.GetRematchStateResponse:
        asked.set()
        release.wait(20)
        return PENDING

    with running_services() as (services, address):
        services.answers["GetRematchState"] = answer
        settings = {f"{name}_ADDRESS": address for name in ("AUTH", "SELFIE", "MATCHER")}
        with (
            running_process(**settings, GATEWAY_PORT=str(port), GATEWAY_CALL_TIMEOUT_S="30") as process,
            ThreadPoolExecutor(1) as pool,
        ):
            url = f"http://127.0.0.1:{port}"
            wait_until_ready(url)
            call = pool.submit(httpx2.get, f"{url}/api/rematch-status", headers=SIGNED, timeout=30)
            assert asked.wait(10)
            process.send_signal(signal.SIGTERM)
            ends_at = time.monotonic() + START_S
            while not refuses(port):
                assert time.monotonic() < ends_at
            release.set()
            response = call.result(timeout=10)
            assert (response.status_code, response.headers["connection"]) == (200, "close")
            assert process.wait(10) == 0


def test_an_invalid_setting_stops_the_start_with_one_line() -> None:
    with running_process(GATEWAY_WORKERS="0", AUTH_ADDRESS="a", SELFIE_ADDRESS="b") as process:
        output, _ = process.communicate(timeout=START_S)
    assert process.returncode == 2
    assert output.count(b"\n") == 1
    assert b"MATCHER_ADDRESS" in output
    assert b"GATEWAY_WORKERS" in output


def test_workers_exit_and_free_the_port_when_their_parent_is_killed() -> None:
    port = free_port()
    with running_services() as (_, address):
        settings = {f"{name}_ADDRESS": address for name in ("AUTH", "SELFIE", "MATCHER")}
        with running_process(**settings, GATEWAY_PORT=str(port), GATEWAY_WORKERS="2") as process:
            wait_until_ready(f"http://127.0.0.1:{port}")
            workers = psutil.Process(process.pid).children()
            process.kill()
            _, alive = psutil.wait_procs(workers, 10)
            assert not alive
            assert refuses(port)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_the_ipv6_wildcard_serves_ipv4_behind_a_proxy_with_a_prefix(workers: str) -> None:
    """A proxy at an IPv4 address is recognised even when the gateway listens on `::`."""
    port = free_port()
    with running_services() as (services, address):
        services.answers["Login"] = auth_pb2.LoginResponse(user_id="u", tokens=auth_pb2.TokenPair(access_token=TOKEN))
        settings = {f"{name}_ADDRESS": address for name in ("AUTH", "SELFIE", "MATCHER")}
        site = {"ROOT_PATH": "/photos/", "TRUSTED_PROXIES": "127.0.0.0/8, ::2", "CORS_ORIGINS": "https://a.example"}
        more = {"GATEWAY_HOST": "::", "GATEWAY_PORT": str(port), "GATEWAY_WORKERS": workers}
        with running_process(**settings, **site, **more):
            wait_until_ready(f"http://127.0.0.1:{port}")
            for host, trusted in (("127.0.0.1", True), ("[::1]", False)):
                answer = httpx2.post(
                    f"http://{host}:{port}/photos/api/login",
                    json={"username": "ada", "password": "correct horse"},
                    headers={"x-forwarded-proto": "https", "origin": "https://a.example"},
                    timeout=10,
                )
                assert answer.status_code == 200
                assert ("Secure" in answer.headers["set-cookie"]) is trusted
                assert answer.headers["access-control-allow-origin"] == "https://a.example"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PUBLIC_URL", "photos.example"),
        ("PUBLIC_URL", "https://photos.example/path"),
        ("PUBLIC_URL", "*"),
        ("ROOT_PATH", "photos"),
        ("ROOT_PATH", "/api"),
        ("ROOT_PATH", "/../x"),
        ("ROOT_PATH", "/a b"),
        ("TRUSTED_PROXIES", "everybody"),
        ("TRUSTED_PROXIES", "10.0.0.0/99"),
        ("RATE_LIMIT_URL", "localhost:6379"),
        ("CORS_ORIGINS", "example.org"),
        ("CORS_ORIGINS", "https://example.org/path"),
    ],
)
def test_an_invalid_site_setting_is_reported_in_one_line(name: str, value: str) -> None:
    settings = {f"{service}_ADDRESS": "localhost:1" for service in ("AUTH", "SELFIE", "MATCHER")}
    with running_process(**settings, GATEWAY_PORT=str(free_port()), **{name: value}) as process:
        output = process.communicate(timeout=60)[0].decode()
    assert process.returncode == 2
    assert len(output.splitlines()) == 1
    assert name in output
