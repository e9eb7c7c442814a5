"""A trace collector that receives OTLP over HTTP, and one that accepts connections and never answers."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span


@dataclass(frozen=True)
class Received:
    """A span and the process that sent it."""

    process: str
    span: Span

    @property
    def trace(self) -> str:
        """The trace id: 32 hexadecimal digits."""
        return self.span.trace_id.hex()


class Collector(ThreadingHTTPServer):
    """Records every span that is sent to `url`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.received: list[Received] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def connected(self, name: str) -> list[set[str]]:
        """For each trace with a span of this name: the processes of all traces connected to it by links."""
        spans = list(self.received)
        groups: list[set[str]] = []
        for started in sorted({each.trace for each in spans if each.span.name == name}):
            group = {started}
            while more := _neighbours(spans, group) - group:
                group |= more
            groups.append({each.process for each in spans if each.trace in group})
        return groups


class _Handler(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        assert self.path == "/v1/traces"
        request = ExportTraceServiceRequest.FromString(self.rfile.read(int(self.headers["Content-Length"])))
        for each in request.resource_spans:
            (process,) = [a.value.string_value for a in each.resource.attributes if a.key == "service.name"]
            self.server.received += [Received(process, span) for part in each.scope_spans for span in part.spans]
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        """Suppresses request logs."""


@contextmanager
def running_collector() -> Iterator[Collector]:
    with Collector() as collector:
        thread = Thread(target=collector.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield collector
        collector.shutdown()
        thread.join()


@contextmanager
def silent_collector() -> Iterator[str]:
    """The address of a collector that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def _neighbours(spans: list[Received], group: set[str]) -> set[str]:
    """The traces that a link connects with the group, in either direction."""
    found: set[str] = set()
    for each in spans:
        linked = {link.trace_id.hex() for link in each.span.links}
        if each.trace in group:
            found |= linked
        if linked & group:
            found.add(each.trace)
    return found
