"""A real Prometheus that scrapes a running system, with our alerts as its rules."""

import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import yaml

from tests.e2e.party import until

Json = dict[str, Any]
INTERVAL = "1s"


class Prometheus:
    """Queries the Prometheus at `url`. Raises AssertionError for an invalid expression."""

    def __init__(self, url: str) -> None:
        self._http = httpx2.Client(base_url=url, timeout=30)

    def is_ready(self) -> bool:
        try:
            return self._http.get("/-/ready").status_code == 200
        except httpx2.TransportError:
            return False

    def query(self, expression: str) -> list[Json]:
        """The current series of an expression."""
        answer = self._http.get("/api/v1/query", params={"query": expression}).json()
        assert answer["status"] == "success", (expression, answer)
        found: list[Json] = answer["data"]["result"]
        return found

    def alerts(self) -> dict[str, Json]:
        """Each evaluated alert by its name."""
        groups = self._http.get("/api/v1/rules").json()["data"]["groups"]
        return {rule["name"]: rule for group in groups for rule in group["rules"]}

    def active(self) -> set[str]:
        """The alerts whose expressions have a result: they fire after their `for` time."""
        return {name for name, rule in self.alerts().items() if rule["state"] != "inactive"}

    def close(self) -> None:
        self._http.close()


@contextmanager
def running_prometheus(program: str, folder: Path, ports: Mapping[str, int], rules: Json) -> Iterator[Prometheus]:
    """`ports`: the metrics port of each process; the targets get the labels of pods."""
    (folder / "rules.yaml").write_text(yaml.dump(rules))
    (folder / "prometheus.yaml").write_text(yaml.dump(_configuration(ports)))
    with socket.create_server(("127.0.0.1", 0)) as probe:
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    command = [program, "--config.file=prometheus.yaml", "--storage.tsdb.path=data", f"--web.listen-address={address}"]
    with (folder / "prometheus.log").open("w") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=subprocess.STDOUT)
    prometheus = Prometheus(f"http://{address}")
    try:
        until(lambda: prometheus.is_ready() or process.poll() is not None, bool)
        assert process.poll() is None, (folder / "prometheus.log").read_text()
        yield prometheus
    finally:
        prometheus.close()
        process.terminate()
        process.wait(30)


def _configuration(ports: Mapping[str, int]) -> Json:
    targets = [
        {"targets": [f"127.0.0.1:{port}"], "labels": {"namespace": "minois", "pod": f"{name}-7d9f-x2x4z"}}
        for name, port in ports.items()
    ]
    return {
        "global": {"scrape_interval": INTERVAL, "evaluation_interval": INTERVAL},
        "rule_files": ["rules.yaml"],
        "scrape_configs": [{"job_name": "minois", "static_configs": targets}],
    }
