"""Every module of `deploy` that containers run is sent to the build, with the modules of `deploy` that it imports."""

import re

from tests.cluster.images import ROOT

IMPORT = re.compile(r"^(?:from|import) deploy\.(\w+)", re.MULTILINE)
COMMAND = re.compile(r"\bdeploy\.(\w+)\b")


def needed() -> set[str]:
    """The modules that compose.yaml and the manifests name, and those that these import."""
    manifests = [ROOT / "deploy" / "compose.yaml", *(ROOT / "deploy" / "k8s").rglob("*.yaml")]
    lines = [
        line for path in manifests for line in path.read_text().splitlines() if re.search(r"(args|command):", line)
    ]
    names: set[str] = set()
    found = {name for line in lines for name in COMMAND.findall(line)}
    while found - names:
        names |= found
        found = {name for each in names for name in IMPORT.findall((ROOT / "deploy" / f"{each}.py").read_text())}
    return names


def test_the_build_gets_every_module_that_containers_run() -> None:
    sent = set(re.findall(r"^!deploy/(\w+)\.py$", (ROOT / ".dockerignore").read_text(), re.MULTILINE))
    assert {"migrate", "prepare", "roles"} <= needed()
    assert needed() <= sent
