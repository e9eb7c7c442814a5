"""Builds the programs of Kubernetes from the Go module proxy, once: `python -m tests.cluster.kubernetes`.

The module of Kubernetes refers to folders that its archive does not contain, so a module of our own replaces them with
the published ones of the same version.
"""

import json
import os
import re
import sys
import tempfile
from pathlib import Path

from tests.cluster import tools

VERSION = "1.34.2"
PROGRAMS = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet")
MODULE = "k8s.io/kubernetes"


def find() -> Path:
    """The folder with the programs. Raises NoProgram if they have not been built."""
    folder = tools.cache() / f"kubernetes-{VERSION}"
    if not folder.exists():
        raise tools.NoProgram("Kubernetes is not built (make cluster-test builds it, which takes several minutes)")
    return folder


def install() -> Path:
    return tools.once(f"kubernetes-{VERSION}", _build)


def _build(folder: Path) -> None:
    environment = {**os.environ, "GOFLAGS": "-mod=mod -buildvcs=false"}
    found = json.loads(tools.run([tools.go(), "mod", "download", "-json", f"{MODULE}@v{VERSION}"], environment))
    source = Path(found["Dir"])
    with tempfile.TemporaryDirectory() as wrapper:
        module = Path(wrapper)
        (module / "go.mod").write_text(_describe_module((source / "go.mod").read_text()))
        (module / "go.sum").write_bytes((source / "go.sum").read_bytes())
        packages = [f"{MODULE}/cmd/{program}" for program in PROGRAMS]
        imports = "\n".join(f'import _ "{package}"' for package in packages)
        (module / "tools.go").write_text(f"//go:build tools\n\npackage tools\n\n{imports}\n")
        command = [tools.go(), "build", "-C", wrapper, "-trimpath", "-ldflags", _linker_flags()]
        tools.run([*command, "-o", f"{folder}/", *packages], environment)


def _describe_module(theirs: str) -> str:
    """The go.mod of a module that requires Kubernetes and the modules that Kubernetes pins."""
    minor = VERSION.partition(".")[2]
    (go,) = re.findall(r"^go .*$", theirs, re.MULTILINE)
    blocks = re.findall(r"^require \((.*?)^\)", theirs, re.MULTILINE | re.DOTALL)
    required = [line.strip() for block in blocks for line in block.splitlines() if line.strip()]
    staged = re.findall(r"^\s+(k8s\.io/[a-z-]+) => \./staging", theirs, re.MULTILINE)
    return "\n".join(
        [
            "module minois.test/cluster",
            go,
            f"require {MODULE} v{VERSION}",
            *("require " + re.sub(r" v0\.0\.0(?!-)", f" v0.{minor}", line) for line in required),
            *(f"replace {name} => {name} v0.{minor}" for name in staged),
            "",
        ]
    )


def _linker_flags() -> str:
    major, minor, _ = VERSION.split(".")
    values = {"gitVersion": f"v{VERSION}", "gitMajor": major, "gitMinor": minor, "buildDate": "2026-01-01T00:00:00Z"}
    packages = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
    return " ".join(
        ["-s -w", *(f"-X {package}.{name}={value}" for package in packages for name, value in values.items())]
    )


if __name__ == "__main__":
    try:
        print(install())
    except tools.NoProgram as fault:
        print(f"kubernetes: {fault}", file=sys.stderr)
        raise SystemExit(1) from None
