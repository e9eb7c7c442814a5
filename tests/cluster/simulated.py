"""A real control plane with simulated nodes, and the overlay for production on it."""

import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.cluster import tools
from tests.cluster.control_plane import ControlPlane, environment
from tests.cluster.manifests import K8S, NAME, Json, Manifests
from tests.cluster.schemas import custom_resource_definitions
from tests.cluster.simulated_nodes import SimulatedNodes

NODES = 6
NAMESPACE = ("--namespace", "minois")
IS_NAMED_BY_A_TAG = "Warning: metadata.name: this is used in Pod names and hostnames"
NOT_INSTALLED = ("Cluster", "Pooler")  # of CloudNativePG


# Scoped to the folder instead of the session: a running control plane uses a quarter of a processor.
@pytest.fixture(scope="package")
def nodes(tool: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatedNodes]:
    tool(tools.go)
    try:
        control = ControlPlane(tmp_path_factory.mktemp("control-plane"))
    except tools.NoProgram as reason:  # also where the other checks are required: building it takes minutes
        pytest.skip(str(reason))
    with control:
        for path in custom_resource_definitions():
            control.kubectl("apply", "--server-side", "-f", str(path))
        with SimulatedNodes(control, NODES) as nodes:
            yield nodes


@pytest.fixture(scope="package")
def control(nodes: SimulatedNodes) -> ControlPlane:
    return nodes.control


@pytest.fixture(scope="package")
def production(control: ControlPlane, built: dict[str, Manifests]) -> Manifests:
    """The applied overlay, without the custom resources of CloudNativePG."""
    found = built["production"]
    make_secrets(control, "production")
    said = apply(control, found)
    assert [line for line in said.splitlines() if not line.startswith(IS_NAMED_BY_A_TAG)] == []
    wait_for_rollouts(control, found)
    return found


def make_secrets(control: ControlPlane, overlay: str) -> str:
    script = [str(K8S / "secrets.sh"), overlay]
    done = subprocess.run(script, env=environment(control), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def apply(control: ControlPlane, found: Manifests) -> str:
    """Applies the manifests like an operator; returns the warnings."""
    done = control.ask("apply", "--validate=strict", "-f", "-", given=found.without(*NOT_INSTALLED).as_yaml())
    assert done.returncode == 0, done.stderr
    return done.stderr


def wait_for_rollouts(control: ControlPlane, found: Manifests) -> None:
    for name in found.of("Deployment"):
        control.kubectl("rollout", "status", f"deployment/{name}", "--timeout=60s", *NAMESPACE)


def pods(control: ControlPlane, name: str) -> list[Json]:
    """The pods of a process that are not terminating."""
    found = control.read("pods", "-l", f"{NAME}={name}", *NAMESPACE)["items"]
    return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]


def ready(control: ControlPlane, name: str) -> list[Json]:
    return [
        pod
        for pod in pods(control, name)
        if any(each["type"] == "Ready" and each["status"] == "True" for each in pod["status"].get("conditions", ()))
    ]
