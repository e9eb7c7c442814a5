"""Metrics of a database for the autoscaler of Kubernetes, as KEDA serves them for a ScaledObject."""

import http.server
import json
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime
from threading import Thread
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Engine, text

from tests.cluster.control_plane import ControlPlane

GROUP = "external.metrics.k8s.io"
VERSION = "v1beta1"
API = f"/apis/{GROUP}/{VERSION}"
NAMES = {"name": "metrics-of-tests", "namespace": "default"}

Json = dict[str, Any]


class ExternalMetrics:
    """The metric `s0-postgresql` is the result of the first query, `s1-postgresql` that of the second."""

    def __init__(self, control: ControlPlane, database: Engine, queries: Sequence[str]) -> None:
        self._control = control
        self._database = database
        self._queries = {name_of(place): query for place, query in enumerate(queries)}
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate = control.folder / "certs" / "apiserver"
        context.load_cert_chain(certificate.with_suffix(".crt"), certificate.with_suffix(".key"))
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)

    def __enter__(self) -> Self:
        Thread(target=self._server.serve_forever, daemon=True).start()
        port = self._server.server_address[1]
        service = {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": NAMES,
            "spec": {"type": "ExternalName", "externalName": "localhost", "ports": [{"port": port}]},
        }
        registration = {
            "apiVersion": "apiregistration.k8s.io/v1",
            "kind": "APIService",
            "metadata": {"name": f"{VERSION}.{GROUP}"},
            "spec": {
                "group": GROUP,
                "version": VERSION,
                "service": {**NAMES, "port": port},
                "insecureSkipTLSVerify": True,
                "groupPriorityMinimum": 100,
                "versionPriority": 100,
            },
        }
        for each in (service, registration):
            self._control.kubectl("apply", "-f", "-", given=json.dumps(each))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._control.kubectl("delete", "apiservice", f"{VERSION}.{GROUP}")
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path: str) -> Json:
        if path == API:
            resource = {"name": "any", "namespaced": True, "kind": "ExternalMetricValueList", "verbs": ["get"]}
            return {"kind": "APIResourceList", "groupVersion": f"{GROUP}/{VERSION}", "resources": [resource]}
        name = path.rpartition("/")[2]
        with self._database.connect() as connection:
            value = connection.execute(text(self._queries[name])).scalar_one()
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        item = {"metricName": name, "metricLabels": {}, "timestamp": now, "value": str(value)}
        return {"kind": "ExternalMetricValueList", "apiVersion": f"{GROUP}/{VERSION}", "metadata": {}, "items": [item]}

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        metrics = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path = self.path.partition("?")[0]
                body = json.dumps(metrics.answer(path) if path.startswith(API) else {}).encode()
                self.send_response(200 if path.startswith(API) else 404)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        return Handler


def name_of(place: int) -> str:
    return f"s{place}-postgresql"


def describe_autoscaler(scaler: Json) -> Json:
    """The HorizontalPodAutoscaler that KEDA creates for a ScaledObject."""
    name, spec = scaler["metadata"]["name"], scaler["spec"]
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": f"keda-hpa-{name}", "namespace": "minois"},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", **spec["scaleTargetRef"]},
            "minReplicas": spec["minReplicaCount"],
            "maxReplicas": spec["maxReplicaCount"],
            "metrics": [
                {
                    "type": "External",
                    "external": {
                        "metric": {"name": name_of(place)},
                        "target": {"type": "AverageValue", "averageValue": trigger["metadata"]["targetQueryValue"]},
                    },
                }
                for place, trigger in enumerate(spec["triggers"])
            ],
        },
    }
