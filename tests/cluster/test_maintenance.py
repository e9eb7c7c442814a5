"""The trials of releases and drains, without a cluster: their selectors, and the faults they detect."""

import re
from subprocess import CompletedProcess

import pytest

from tests.cluster import archives, guide, tools
from tests.cluster.images import IMAGE
from tests.cluster.maintenance import REFUSED, faults_of_drain
from tests.cluster.manifests import NAME, Manifests
from tests.cluster.run import TRIALS, in_order

PART_OF = "app.kubernetes.io/part-of"
NAMES = ["auth", "gateway"]
ONE_OF_EACH = {"auth": 1, "gateway": 1}


def test_a_missing_image_is_reported_with_the_command_that_builds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "on_path", lambda *_: "/bin/false")  # a buildah without any image
    with pytest.raises(tools.NoProgram, match=f"no image {IMAGE}; `make image-test` builds it"):
        archives.require_image(IMAGE)
    with pytest.raises(tools.NoProgram, match="`make image IMAGE=localhost/ours:1` builds it"):
        archives.require_image("localhost/ours:1")


def ended(code: int, said: str) -> CompletedProcess[str]:
    return CompletedProcess([], code, "", said)


def test_a_drain_stopped_by_the_budgets_has_no_fault() -> None:
    assert faults_of_drain(ended(1, f"error when evicting: {REFUSED}."), ONE_OF_EACH, NAMES) == []


@pytest.mark.parametrize(
    ("tried", "ready", "fault"),
    [
        (ended(0, REFUSED), ONE_OF_EACH, "the drain succeeded"),
        (ended(1, "no such node"), ONE_OF_EACH, "no eviction was refused: no such node"),
        (ended(1, REFUSED), {"auth": 1, "gateway": 0}, "gateway had 0 ready"),
        (ended(1, REFUSED), {"auth": 1}, "gateway had 0 ready"),
        (ended(1, REFUSED), {"auth": 2, "gateway": 1}, "auth had 2 ready"),
    ],
)
def test_any_other_drain_has_a_fault(tried: CompletedProcess[str], ready: dict[str, int], fault: str) -> None:
    assert faults_of_drain(tried, ready, NAMES) == [fault]


def drained(built: Manifests, selector: str) -> set[str]:
    """The workloads whose pods match a selector of the form `a=b,c notin (d,e)`."""
    found = re.fullmatch(r"(\S+)=(\S+),(\S+) notin \((.*)\)", selector)
    assert found, selector
    label, value, other, excluded = found.groups()
    labels = {name: pod["metadata"]["labels"] for name, pod in built.pods().items()}
    return {
        name for name, each in labels.items() if each.get(label) == value and each[other] not in excluded.split(",")
    }


def test_the_drain_takes_every_process_and_leaves_what_has_data(built: dict[str, Manifests]) -> None:
    (selector,) = re.findall("--pod-selector='(.*)'", guide.commands(*guide.DRAIN))
    assert drained(built["local"], selector) == set(built["local"].of("Deployment"))


def test_control_without_the_exclusion_the_drain_takes_the_data(built: dict[str, Manifests]) -> None:
    everything = f"{PART_OF}=minois,{NAME} notin ()"
    assert drained(built["local"], everything) >= {"postgres", "s3"}


def test_trials_run_in_their_order_and_once() -> None:
    assert in_order(["rollback", "scale", "upgrade", "scale"]) == ["scale", "upgrade", "rollback"]
    assert in_order(list(TRIALS)) == list(TRIALS)


def test_a_rollback_needs_an_upgrade() -> None:
    with pytest.raises(ValueError, match="rollback needs upgrade"):
        in_order(["rollback", "drain"])
