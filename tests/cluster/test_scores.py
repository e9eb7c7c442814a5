"""kube-score finds only intended deviations in the manifests."""

import json
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from tests.cluster import tools
from tests.cluster.manifests import Manifests, parse

# Check, objects (None: all), and the reason why the check does not apply.
EXCEPTIONS: dict[str, tuple[set[str] | None, str]] = {
    "container-image-pull-policy": (None, "a tag is never moved, so what a node has already is right"),
    "deployment-has-host-podantiaffinity": (None, "the topology spread constraints do the same, by node and by zone"),
    "deployment-replicas": (None, "locally one replica is enough; elsewhere HPA and KEDA set the number"),
    "pod-probes-identical": (
        {"s3", "valkey", "auth", "selfie", "matcher"},
        "all that shows from outside, or through mTLS",
    ),
    "networkpolicy-targets-pod": ({"database", "database-pooler"}, "its pods are made by CloudNativePG"),
    "container-security-context-user-group-id": ({"postgres"}, "the user of its image"),
}
OK = 10

Score = Callable[[Manifests], set[tuple[str, str]]]


@pytest.fixture(scope="session")
def score(tool: Callable[..., Any]) -> Score:
    """The checks that an object fails, with its name. CPU has no limits: requests share it without throttling."""
    program = str(tool(tools.go_program, "kube-score"))
    command = [program, "score", "--ignore-container-cpu-limit", "--output-format", "json", "-"]

    def judge(found: Manifests) -> set[tuple[str, str]]:
        done = subprocess.run(command, input=found.as_yaml(), capture_output=True, text=True, timeout=60, check=False)
        return {
            (check["check"]["id"], each["object_name"].rpartition("/")[2])
            for each in json.loads(done.stdout)
            for check in each["checks"]
            if not check["skipped"] and check["grade"] < OK
        }

    return judge


def test_every_finding_of_kube_score_is_explained(variant: Manifests, score: Score) -> None:
    unexplained = {
        (check, name)
        for check, name in score(variant)
        if check not in EXCEPTIONS or name not in (EXCEPTIONS[check][0] or {name})
    }
    assert unexplained == set()


@pytest.mark.parametrize(
    ("right", "wrong", "check"),
    [
        (
            "readOnlyRootFilesystem: true",
            "readOnlyRootFilesystem: false",
            "container-security-context-readonlyrootfilesystem",
        ),
        ("            memory: 1Gi\n          requests", "          requests", "container-resources"),
    ],
)
def test_control_kube_score_finds_faults(
    built: dict[str, Manifests], score: Score, right: str, wrong: str, check: str
) -> None:
    assert right in built["local"].text
    assert check in {found for found, _ in score(parse(built["local"].text.replace(right, wrong)))}
