"""Prometheus metrics of a process, and gauges whose values are computed on each scrape."""

from collections.abc import Callable, Iterable
from threading import Thread
from wsgiref.simple_server import WSGIServer

from prometheus_client import REGISTRY, CollectorRegistry, start_http_server
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from kit.errors import Unavailable
from kit.settings import ProcessSettings
from kit.startup import require_free


class QueueGauges(Collector):
    """Depth and age of a queue. `read` returns (number of jobs, age of the oldest in seconds)."""

    def __init__(self, queue: str, read: Callable[[], tuple[int, float]]) -> None:
        self._queue = queue
        self._read = read

    def describe(self) -> Iterable[GaugeMetricFamily]:
        return []

    def collect(self) -> Iterable[GaugeMetricFamily]:
        try:
            depth, age_s = self._read()
        except Unavailable:
            return
        for name, text, value in (
            (f"{self._queue}_queue_depth", "Jobs that are queued or in progress", depth),
            (f"{self._queue}_queue_oldest_seconds", "Age of the oldest job", age_s),
        ):
            yield GaugeMetricFamily(name, text, value=value)


class FileStoreGauge(Collector):
    """Whether the file store is available; `find_fault` returns why it is not, or an empty string."""

    def __init__(self, find_fault: Callable[[], str]) -> None:
        self._find_fault = find_fault

    def describe(self) -> Iterable[GaugeMetricFamily]:
        return []

    def collect(self) -> Iterable[GaugeMetricFamily]:
        text = "1 if files can be read and written"
        yield GaugeMetricFamily("file_store_available", text, value=0 if self._find_fault() else 1)


class FeedGauge(Collector):
    """Position in the change feed: the last change appended here, or applied by a follower."""

    def __init__(self, read: Callable[[], int]) -> None:
        self._read = read

    def describe(self) -> Iterable[GaugeMetricFamily]:
        return []

    def collect(self) -> Iterable[GaugeMetricFamily]:
        try:
            sequence = self._read()
        except Unavailable:
            return
        yield GaugeMetricFamily("change_feed_sequence", "Number of the last change appended or applied", sequence)


def serve_metrics(settings: ProcessSettings, *collectors: Collector) -> None:
    """Serves `/metrics` on METRICS_HOST and METRICS_PORT unless the port is 0. Raises InvalidSetting."""
    if settings.metrics_port:
        for collector in collectors:
            REGISTRY.register(collector)
        start_metrics_server(settings, REGISTRY)


def start_metrics_server(settings: ProcessSettings, registry: CollectorRegistry) -> tuple[WSGIServer, Thread]:
    """The server and its thread. Raises InvalidSetting when the port is in use."""
    require_free(f"{settings.metrics_host}:{settings.metrics_port}")
    return start_http_server(settings.metrics_port, settings.metrics_host, registry)
