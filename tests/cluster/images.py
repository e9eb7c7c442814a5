"""Builds images with buildah; without access to a registry, stand-ins from Debian replace the base images."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]
IMAGE = "localhost/minois:test"
PYTHON = "docker.io/library/python:3.13-slim"
POSTGRES = "docker.io/library/postgres:17"
PROGRAMS = ("buildah", "podman", "runc", "conmon", "netavark", "pgbouncer")
# Where Debian installs programs that are not on PATH.
PLACES = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/lib/podman"])
SUITE = "trixie"
PACKAGES = ("python3", "python3-venv", "python3-pip", "ca-certificates")
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
PULL_S = 300
BUILD_S = 1500


class NoEngine(Exception):
    """Why images cannot be built or run on this machine."""


def require_programs() -> None:
    """Raises NoEngine."""
    if missing := [name for name in PROGRAMS if shutil.which(name, path=PLACES) is None]:
        raise NoEngine(f"{', '.join(missing)} not installed (Debian: apt install {' '.join(PROGRAMS)})")
    if os.geteuid() != 0:
        raise NoEngine("the test needs root, for networks and memory limits of containers")


def build_image() -> str:
    """Builds the image of this work tree and returns its name. Raises NoEngine if there is no base image."""
    _provide_python()
    _build(ROOT / "deploy" / "Dockerfile", ROOT, IMAGE)
    return IMAGE


def provide_postgres() -> str:
    """The official image, or a stand-in. Raises NoEngine."""
    _provide_python()
    if not _exists(POSTGRES) and not _pull(POSTGRES):
        _build(FOLDER / "postgres.Dockerfile", FOLDER, POSTGRES)
    return POSTGRES


def size_mb(image: str) -> float:
    done = _run(["podman", "image", "inspect", "--format", "{{.Size}}", image])
    return int(done.stdout) / 1e6


def _provide_python() -> None:
    if _exists(PYTHON) or _pull(PYTHON):
        return
    if shutil.which("mmdebstrap") is None:
        raise NoEngine(f"{PYTHON} cannot be pulled, and mmdebstrap is not installed to make a stand-in")
    with tempfile.TemporaryDirectory(prefix="mn-base-") as folder:
        include = f"--include={','.join(PACKAGES)}"
        _run(["mmdebstrap", "--quiet", "--variant=minbase", include, SUITE, f"{folder}/base.tar"])
        _build(FOLDER / "base.Dockerfile", Path(folder), PYTHON)


def _exists(image: str) -> bool:
    return _run(["buildah", "inspect", "--type", "image", image], check=False).returncode == 0


def _pull(image: str) -> bool:
    return _run(["buildah", "pull", "--quiet", image], check=False, timeout_s=PULL_S).returncode == 0


def _build(file: Path, folder: Path, tag: str) -> None:
    """The host's certificates are mounted, since its network may use a private certificate authority."""
    command = ["buildah", "build", "--isolation", "chroot", "--pull-never", "--layers", "--quiet"]
    if CERTIFICATES.exists():
        command += ["--volume", f"{CERTIFICATES}:{CERTIFICATES}:ro"]
    _run([*command, "--file", str(file), "--tag", tag, str(folder)], timeout_s=BUILD_S)


def _run(command: list[str], check: bool = True, timeout_s: float = 600) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, check=False)
    if check and done.returncode != 0:
        raise NoEngine(f"{' '.join(command[:2])} failed: {(done.stderr or done.stdout).strip()[-1500:]}")
    return done
