"""The alerts fire for their faults, and every metric in the rules and the dashboard exists."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster import tools
from tests.cluster.manifests import K8S

MONITORING = K8S / "components" / "monitoring"
CASES = Path(__file__).with_name("alerts.yaml")
SOURCE = Path(__file__).parents[2]
OF_OTHERS = {"up", "certmanager_certificate_expiration_timestamp_seconds", "process_resident_memory_bytes"}
QUEUES = {
    f"{queue}_queue_{what}"
    for queue in ("selfies", "rematches", "photos", "mails")
    for what in ("depth", "oldest_seconds")
}
PACKAGES = ("kit", "auth_service", "selfie_service", "matcher_service", "gateway")

Promtool = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def promtool(tool: Callable[..., Any], tmp_path: Path) -> Promtool:
    """Runs promtool in a folder with the rules in the form that Prometheus reads."""
    program = str(tool(tools.on_path, "promtool", "prometheus"))
    (tmp_path / "rules.yaml").write_text(yaml.dump(rules()))
    (tmp_path / "cases.yaml").write_text(CASES.read_text())
    return lambda *arguments: subprocess.run(
        [program, *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )


def rules() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((MONITORING / "alerts.yaml").read_text())["spec"]
    return found


def alerts() -> list[dict[str, Any]]:
    return [rule for group in rules()["groups"] for rule in group["rules"]]


def expressions() -> list[str]:
    """The expressions of all alerts and of the dashboard."""
    return [*(rule["expr"] for rule in alerts()), *dashboard()]


def dashboard() -> list[str]:
    """The expressions of all panels."""
    panels = json.loads((MONITORING / "minois.json").read_text())["panels"]
    return [target["expr"] for panel in panels for target in panel["targets"]]


def known_metrics() -> set[str]:
    """The metrics of our code, by their Prometheus names."""
    source = "\n".join(path.read_text() for name in PACKAGES for path in (SOURCE / name).rglob("*.py"))
    named = {
        kind: set(re.findall(rf'\b{kind}\(\s*"([a-z_]+)"', source))
        for kind in ("Counter", "Histogram", "Gauge", "GaugeMetricFamily")
    }
    histograms = {f"{name}_{part}" for name in named["Histogram"] for part in ("bucket", "sum", "count")}
    return named["Counter"] | named["Gauge"] | named["GaugeMetricFamily"] | histograms | QUEUES


def test_each_alert_fires_for_its_fault_and_not_before(promtool: Promtool) -> None:
    assert promtool("check", "rules", "rules.yaml").returncode == 0
    done = promtool("test", "rules", "cases.yaml")
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_has_a_test() -> None:
    cases = yaml.safe_load(CASES.read_text())["tests"]
    tried = {each["alertname"] for case in cases for each in case["alert_rule_test"]}
    assert tried == {rule["alert"] for rule in alerts()}


@pytest.mark.parametrize("name", [rule["alert"] for rule in alerts()])
def test_control_without_an_alert_its_test_fails(promtool: Promtool, tmp_path: Path, name: str) -> None:
    without = rules()
    for group in without["groups"]:
        group["rules"] = [rule for rule in group["rules"] if rule["alert"] != name]
    (tmp_path / "rules.yaml").write_text(yaml.dump(without))
    assert promtool("test", "rules", "cases.yaml").returncode != 0


def test_every_metric_exists() -> None:
    named = {name for expression in expressions() for name in re.findall(r"\b([a-z_]+)(?=\{)", expression)}
    assert named - OF_OTHERS <= known_metrics()
    assert named


def test_every_alert_is_documented() -> None:
    page = (SOURCE / "docs" / "operations" / "kubernetes.md").read_text()
    assert [rule["alert"] for rule in alerts() if f"`{rule['alert']}`" not in page] == []
