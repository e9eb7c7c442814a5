"""Metrics of a gateway with several worker processes: each writes files, the parent serves their sum."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory

from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector

from kit.settings import ProcessSettings
from kit.telemetry.metrics import serve_metrics, start_metrics_server


@contextmanager
def worker_metrics(settings: ProcessSettings, workers: int) -> Iterator[None]:
    """Around the start of the workers: the library reads the variable when they import it."""
    if workers == 1 or not settings.metrics_port:
        serve_metrics(settings)
        yield
        return
    with TemporaryDirectory(prefix="minois-metrics-") as folder:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        registry = CollectorRegistry()
        MultiProcessCollector(registry, folder)
        server, thread = start_metrics_server(settings, registry)
        yield
        server.shutdown()
        thread.join()
