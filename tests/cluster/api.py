"""The Kubernetes API over HTTPS, for requests that are too frequent for kubectl."""

import json
import ssl
import urllib.error
import urllib.request
from typing import Any

MERGE = "application/merge-patch+json"
TIMEOUT_S = 10.0

Json = dict[str, Any]


class Api:
    """The API of a control plane on this machine, with a self-signed certificate."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._token = token
        self._context = ssl._create_unverified_context()

    def call(self, method: str, path: str, body: Json | None = None, kind: str = "application/json") -> Json:
        """The response; empty if the API rejects the request, as for objects that have changed or are gone."""
        request = urllib.request.Request(
            self._url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self._token}", "Content-Type": kind},
        )
        try:
            with urllib.request.urlopen(request, context=self._context, timeout=TIMEOUT_S) as answer:
                found: Json = json.load(answer)
                return found
        except urllib.error.HTTPError as error:
            error.close()
            return {}

    def addresses(self, service: str, namespace: str = "minois") -> list[str]:
        """The addresses of the ready pods behind a Service."""
        path = f"/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices"
        slices = self.call("GET", f"{path}?labelSelector=kubernetes.io/service-name%3D{service}").get("items", ())
        endpoints = [endpoint for each in slices for endpoint in each["endpoints"] or ()]
        return [address for each in endpoints if each["conditions"].get("ready") for address in each["addresses"]]
