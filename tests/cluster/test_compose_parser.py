"""compose.yaml, read by the parser of Docker Compose itself."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from kit.settings import user_cache
from tests.cluster.images import ROOT

FILE = ROOT / "deploy" / "compose.yaml"
VERSION = "v2.9.0"
MODULE = "github.com/compose-spec/compose-go/v2/cmd"
BUILD_S = 600

pytestmark = pytest.mark.timeout(BUILD_S)


@pytest.fixture(scope="module")
def parser() -> Path:
    """The program, built once into the user's cache."""
    go = shutil.which("go") or shutil.which("/usr/local/go/bin/go")
    cache = user_cache()
    if go is None or cache is None:
        pytest.skip("no Go toolchain to build the parser of Docker Compose with")
    folder = cache / "tools" / f"compose-go-{VERSION}"
    program = folder / "cmd"
    if not program.exists():
        environment = {**os.environ, "GOBIN": str(folder)}
        command = [go, "install", f"{MODULE}@{VERSION}"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            pytest.skip(f"the parser of Docker Compose cannot be built: {done.stderr.strip()[-300:]}")
    return program


def parse(parser: Path, path: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([parser, path], cwd=folder, capture_output=True, text=True, check=False)


def test_docker_compose_accepts_the_file(parser: Path, tmp_path: Path) -> None:
    done = parse(parser, FILE, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "condition: service_completed_successfully" in done.stdout
    assert "read_only: true" in done.stdout


def test_control_it_refuses_a_misspelt_key(parser: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "compose.yaml"
    wrong.write_text(FILE.read_text().replace("mem_limit: 1g", "memory_limit: 1g"))
    done = parse(parser, wrong, tmp_path)
    assert done.returncode != 0
    assert "memory_limit" in done.stderr + done.stdout
