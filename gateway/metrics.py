"""Metrics of a gateway with several worker processes: each writes files, the parent serves their sum."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.multiprocess import MultiProcessCollector

from kit.metrics import serve_metrics


@contextmanager
def worker_metrics(port: int, workers: int) -> Iterator[None]:
    """Around the start of the workers: the library reads the variable when they import it."""
    if workers == 1 or not port:
        serve_metrics(port)
        yield
        return
    with TemporaryDirectory(prefix="minois-metrics-") as folder:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        registry = CollectorRegistry()
        MultiProcessCollector(registry, folder)
        server, thread = start_http_server(port, registry=registry)
        yield
        server.shutdown()
        thread.join()
