"""Every overlay is valid for Kubernetes and the operators, without unknown fields."""

import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from tests.cluster import tools
from tests.cluster.manifests import Manifests
from tests.cluster.schemas import KUBERNETES, schemas

# CloudNativePG does not publish its definitions in a Go module that could be downloaded here.
UNKNOWN = "Cluster,Pooler"

Check = Callable[[str], subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def validate(tool: Callable[..., Any]) -> Check:
    """The faults that kubeconform finds in a text."""
    program, locations = tool(tools.go_program, "kubeconform"), tool(schemas)
    command = [str(program), "-strict", "-summary", "-kubernetes-version", KUBERNETES, "-skip", UNKNOWN]
    command += [part for location in locations for part in ("-schema-location", location)]
    return lambda text: subprocess.run(command, input=text, capture_output=True, text=True, timeout=60, check=False)


def test_every_object_is_valid(variant: Manifests, validate: Check) -> None:
    done = validate(variant.text)
    assert done.returncode == 0, done.stdout
    skipped = sum(each["kind"] in UNKNOWN for each in variant.objects)
    assert f"Valid: {len(variant.objects) - skipped}, Invalid: 0, Errors: 0, Skipped: {skipped}" in done.stdout


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("readOnlyRootFilesystem: true", "readOnlyRootFileSystem: true"),
        ("maxReplicaCount: 20", "maxReplicasCount: 20"),
        ("backendRequest: 0s", "backendRequests: 0s"),
        ("podMetricsEndpoints:", "podMetricEndpoints:"),
        ("renewBefore: 1440h", "renewsBefore: 1440h"),
    ],
)
def test_control_a_misspelt_field_is_found(
    built: dict[str, Manifests], validate: Check, right: str, wrong: str
) -> None:
    document = next(text for text in built["everything"].text.split("\n---\n") if right in text)
    done = validate(document.replace(right, wrong))
    assert done.returncode != 0
    assert f"'{wrong.partition(':')[0]}'" in done.stdout
