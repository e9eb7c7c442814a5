"""Simulated nodes: every scheduled pod becomes ready immediately, and the pod of a Job completes."""

from datetime import UTC, datetime
from itertools import count
from threading import Event, Thread
from types import TracebackType
from typing import Any, Self

from tests.cluster.api import MERGE, Api
from tests.cluster.control_plane import ControlPlane

ZONES = 3
BEAT_S = 10.0
STEP_S = 0.2
SIZE = {"cpu": "16", "memory": "64Gi", "pods": "110", "ephemeral-storage": "200Gi"}

Json = dict[str, Any]


class SimulatedNodes:
    """`unready`: names of processes whose pods run without becoming ready."""

    def __init__(self, control: ControlPlane, number: int) -> None:
        self.control = control
        self.names = [f"node-{place}" for place in range(number)]
        self.unready: set[str] = set()
        self._api = Api(control.api_url, control.token)
        self._addresses = count(1)
        self._stop = Event()
        self._thread = Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._beat()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        beats = count()
        while not self._stop.wait(STEP_S):
            if next(beats) % round(BEAT_S / STEP_S) == 0:
                self._beat()
            for pod in self._api.call("GET", "/api/v1/pods").get("items", ()):
                if pod["spec"].get("nodeName") in self.names:
                    self._act(pod)

    def _act(self, pod: Json) -> None:
        path = f"/api/v1/namespaces/{pod['metadata']['namespace']}/pods/{pod['metadata']['name']}"
        if "deletionTimestamp" in pod["metadata"]:
            self._api.call("DELETE", f"{path}?gracePeriodSeconds=0")
        elif pod["status"]["phase"] == "Pending":
            self._api.call("PATCH", f"{path}/status", {"status": self._describe(pod)}, MERGE)

    def _describe(self, pod: Json) -> Json:
        """The status of a running or completed pod."""
        is_over = pod["spec"].get("restartPolicy") != "Always"
        is_ready = not is_over and pod["metadata"]["labels"].get("app.kubernetes.io/name") not in self.unready
        now, number = _now(), next(self._addresses)
        ended = {"terminated": {"exitCode": 0, "startedAt": now, "finishedAt": now}}
        conditions = {"Initialized": True, "PodScheduled": True, "ContainersReady": is_ready, "Ready": is_ready}
        address = f"10.244.{number // 250}.{number % 250 + 1}"
        return {
            "phase": "Succeeded" if is_over else "Running",
            "podIP": address,
            "podIPs": [{"ip": address}],
            "hostIP": "10.0.0.1",
            "startTime": now,
            "conditions": [
                {"type": kind, "status": str(value), "lastTransitionTime": now} for kind, value in conditions.items()
            ],
            "containerStatuses": [
                {
                    "name": container["name"],
                    "ready": is_ready,
                    "started": not is_over,
                    "restartCount": 0,
                    "image": container["image"],
                    "imageID": "",
                    "state": ended if is_over else {"running": {"startedAt": now}},
                }
                for container in pod["spec"]["containers"]
            ],
        }

    def _beat(self) -> None:
        for place, name in enumerate(self.names):
            labels = {"kubernetes.io/hostname": name, "topology.kubernetes.io/zone": f"zone-{place % ZONES}"}
            self._api.call("POST", "/api/v1/nodes", {"metadata": {"name": name, "labels": labels}})
            ready = {"type": "Ready", "status": "True", "reason": "Simulated", "message": ""}
            times = {"lastHeartbeatTime": _now(), "lastTransitionTime": _now()}
            status = {"capacity": SIZE, "allocatable": SIZE, "conditions": [{**ready, **times}]}
            self._api.call("PATCH", f"/api/v1/nodes/{name}/status", {"status": status}, MERGE)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
