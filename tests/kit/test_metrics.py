"""The metrics server and the gauges of the file store and of the change feed."""

import urllib.request
from contextlib import closing

import pytest
from prometheus_client import CollectorRegistry, Counter

from deploy.local.environment import free_ports
from kit.errors import DatabaseUnavailable
from kit.settings import ProcessSettings
from kit.telemetry.metrics import FeedGauge, FileStoreGauge, start_metrics_server


@pytest.mark.parametrize(("given", "address"), [({}, "127.0.0.1"), ({"metrics_host": "0.0.0.0"}, "0.0.0.0")])
def test_metrics_listen_on_loopback_by_default(given: dict[str, str], address: str) -> None:
    port = free_ports(["metrics"])["metrics"]
    registry = CollectorRegistry()
    Counter("visits", "Visits", registry=registry).inc()
    server, thread = start_metrics_server(ProcessSettings.model_validate({"metrics_port": port, **given}), registry)
    with closing(server.socket):
        assert server.server_address == (address, port)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            assert b"visits_total 1.0" in answer.read()
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("fault", "value"), [("", 1), ("bucket_missing", 0)])
def test_metrics_report_whether_the_file_store_is_available(fault: str, value: float) -> None:
    registry = CollectorRegistry()
    registry.register(FileStoreGauge(lambda: fault))
    assert registry.get_sample_value("file_store_available") == value


def test_metrics_report_the_position_in_the_change_feed() -> None:
    registry = CollectorRegistry()
    registry.register(FeedGauge(lambda: 7))
    assert registry.get_sample_value("change_feed_sequence") == 7


def test_without_a_database_the_feed_position_is_absent() -> None:
    def fail() -> int:
        raise DatabaseUnavailable

    registry = CollectorRegistry()
    registry.register(FeedGauge(fail))
    assert registry.get_sample_value("change_feed_sequence") is None
