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


# Of the folder and not of the session: a control plane takes a quarter of a processor as long as it runs.
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
    """The overlay, applied; what CloudNativePG would define is left out."""
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
    """Applies as an operator does; answers the warnings."""
    done = control.ask("apply", "--validate=strict", "-f", "-", given=found.without(*NOT_INSTALLED).as_yaml())
    assert done.returncode == 0, done.stderr
    return done.stderr


def wait_for_rollouts(control: ControlPlane, found: Manifests) -> None:
    for name in found.of("Deployment"):
        control.kubectl("rollout", "status", f"deployment/{name}", "--timeout=60s", *NAMESPACE)


def pods(control: ControlPlane, name: str) -> list[Json]:
    """Those of a process that are to stay."""
    found = control.read("pods", "-l", f"{NAME}={name}", *NAMESPACE)["items"]
    return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]


def ready(control: ControlPlane, name: str) -> list[Json]:
    return [
        pod
        for pod in pods(control, name)
        if any(each["type"] == "Ready" and each["status"] == "True" for each in pod["status"].get("conditions", ()))
    ]
