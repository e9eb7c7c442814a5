"""The operators' page holds the commands of `make cluster-test`, and its files and objects exist."""

import re
from pathlib import Path

import pytest

from tests.cluster import guide
from tests.cluster.images import ROOT
from tests.cluster.manifests import Manifests

BLOCKS = (
    guide.INSTALL,
    guide.FORWARD,
    guide.BACK_UP,
    guide.RESTORE,
    guide.RELEASE,
    guide.TWO_REPLICAS,
    guide.DRAIN,
    guide.UNCORDON,
    guide.ONE_REPLICA,
    guide.ANNOUNCE,
    guide.SWITCH,
    guide.RETIRE,
    guide.ANNOUNCE_MASTER,
    guide.SWITCH_MASTER,
    guide.RETIRE_MASTER,
)


@pytest.mark.parametrize(("heading", "first"), BLOCKS)
def test_the_page_has_each_block(heading: str, first: str) -> None:
    assert guide.commands(heading, first).startswith(first)


def test_every_file_of_the_page_exists() -> None:
    paths = set(re.findall(r"deploy/k8s/[\w./-]+", guide.PAGE.read_text()))
    assert len(paths) >= 4
    assert [path for path in paths if not Path(ROOT / path).exists()] == []


def test_every_object_of_the_page_exists(built: dict[str, Manifests]) -> None:
    """Compares with the overlay `local`, except for names that contain a tag."""
    named = set(re.findall(r"\b(deployment|statefulset|service)/([a-z0-9-]+)", guide.PAGE.read_text()))
    assert len(named) >= 6
    known = {(each["kind"].lower(), each["metadata"]["name"]) for each in built["local"].objects}
    assert named - known == set()


def test_a_block_stops_at_the_first_failed_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "page.md"
    page.write_text("## Fails\n\n    echo first\n    false\n    echo second\n")
    monkeypatch.setattr(guide, "PAGE", page)
    with pytest.raises(AssertionError, match=r"Fails, echo: first\n$"):
        guide.follow("Fails", "echo", tmp_path, {})
