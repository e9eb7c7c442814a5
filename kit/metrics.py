"""Prometheus metrics of a process, and gauges that are asked for when they are read."""

from collections.abc import Callable, Iterable

from prometheus_client import REGISTRY, start_http_server
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from kit.errors import Unavailable


class QueueGauges(Collector):
    """Depth and age of a queue. `read` answers (jobs that wait, age of the oldest in seconds)."""

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
            (f"{self._queue}_queue_depth", "Jobs that wait or are worked on", depth),
            (f"{self._queue}_queue_oldest_seconds", "Age of the oldest job", age_s),
        ):
            yield GaugeMetricFamily(name, text, value=value)


def serve_metrics(port: int, *collectors: Collector) -> None:
    """Serves `/metrics` on all addresses; port 0: does not."""
    if port:
        for collector in collectors:
            REGISTRY.register(collector)
        start_http_server(port)
