"""compose.yaml, read by the parser of Docker Compose itself."""

import subprocess
from pathlib import Path

import pytest

from tests.cluster.images import ROOT
from tests.harness.programs import NoProgram, go_program

FILE = ROOT / "deploy" / "compose.yaml"
PARSER = "github.com/compose-spec/compose-go/v2/cmd@v2.9.0"
BUILD_S = 600

pytestmark = pytest.mark.timeout(BUILD_S)


@pytest.fixture(scope="module")
def parser() -> Path:
    try:
        return go_program(PARSER)
    except NoProgram as fault:
        pytest.skip(f"no parser of Docker Compose: {fault}")


def parse(parser: Path, path: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([parser, path], cwd=folder, capture_output=True, text=True, check=False)


def test_docker_compose_accepts_the_file(parser: Path, tmp_path: Path) -> None:
    done = parse(parser, FILE, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "condition: service_completed_successfully" in done.stdout
    assert "read_only: true" in done.stdout


def test_control_a_misspelt_key_is_rejected(parser: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "compose.yaml"
    wrong.write_text(FILE.read_text().replace("mem_limit: 1g", "memory_limit: 1g"))
    done = parse(parser, wrong, tmp_path)
    assert done.returncode != 0
    assert "memory_limit" in done.stderr + done.stdout
