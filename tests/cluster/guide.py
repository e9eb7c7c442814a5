"""Runs the commands of docs/operations/kubernetes.md verbatim."""

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.cluster.images import ROOT

PAGE = ROOT / "docs" / "operations" / "kubernetes.md"
TIMEOUT_S = 1500
INSTALL = ("Try it on one node", "deploy/k8s/secrets.sh local")
FORWARD = ("Try it on one node", "kubectl -n minois port-forward")
BACK_UP = ("Backup and restore", "kubectl -n minois exec postgres-0 -- pg_dump")
RESTORE = ("Backup and restore", "kubectl apply -f deploy/k8s/base/namespace.yaml")
RELEASE = ("Upgrade and rollback", "kubectl apply -k deploy/k8s/overlays/local")
TWO_REPLICAS = ("Drain a node", "kubectl -n minois scale deployment --all --replicas=2")
DRAIN = ("Drain a node", 'kubectl drain "$(kubectl get nodes')
UNCORDON = ("Drain a node", 'kubectl uncordon "$(kubectl get nodes')
ONE_REPLICA = ("Drain a node", "kubectl -n minois scale deployment --all --replicas=1")
ANNOUNCE, SWITCH, RETIRE = (
    ("Rotate a key", f"deploy/k8s/rotate.sh {step}") for step in ("announce", "switch", "retire")
)
ANNOUNCE_MASTER, SWITCH_MASTER, RETIRE_MASTER = (
    ("The master key", f"deploy/k8s/rotate.sh {step} master") for step in ("announce", "switch", "retire")
)


def commands(heading: str, first: str) -> str:
    """The code block below a heading whose first line begins with `first`."""
    (section,) = re.findall(
        rf"^##+ {re.escape(heading)}\n(.*?)(?=^##+ |\Z)", PAGE.read_text(), re.MULTILINE | re.DOTALL
    )
    blocks = re.findall(r"(?:^    .*\n(?:\n(?=    ))?)+", section, re.MULTILINE)
    (block,) = (each for each in blocks if each.strip().startswith(first))
    return re.sub(r"^    ", "", block, flags=re.MULTILINE)


def follow(heading: str, first: str, folder: Path, environment: Mapping[str, str]) -> str:
    """Runs a block in a folder that has `deploy/k8s`, up to the first command that fails; returns what it printed."""
    done = attempt(heading, first, folder, environment)
    if done.returncode != 0:
        raise AssertionError(f"{heading}, {first}: {done.stdout[-1000:]}{done.stderr[-1000:]}")
    return done.stdout


def attempt(heading: str, first: str, folder: Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Like `follow`, but a failure raises nothing."""
    return subprocess.run(
        ["bash", "-e", "-o", "pipefail"],
        input=commands(heading, first),
        env={**os.environ, **environment},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
