"""Client generators accept the OpenAPI document, and a generated client works with the gateway."""

import importlib
import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from auth_service.domain import InvalidEventCode
from gateway.app import create_app
from gateway.backends.channels import Addresses
from gateway.http.limits import Limits
from kit.settings import TlsSettings
from tests.gateway.test_archive import EVENT, PICTURES, answer_all
from tests.gateway.test_sessions import FORM, GUEST
from tests.gateway.world import TOKEN, VERIFIER, World

WEB = Path(__file__).parents[2] / "gateway" / "web"
TYPESCRIPT = WEB / "node_modules" / ".bin" / "openapi-typescript"
PACKAGE = "generated_minois_client"
BIN = Path(sys.executable).parent
# The generator treats only one content type as bytes; users declare others like this.
FILES = ("application/zip", "application/pdf", "image/svg+xml")
CONFIG = {"content_type_overrides": dict.fromkeys(FILES, "application/octet-stream"), "post_hooks": []}


def run(*command: str | Path) -> str:
    """Runs a command, which must succeed; returns its output."""
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        command, env={**os.environ, "PATH": path}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Path:
    app = create_app(Addresses("a", "b", "c"), TlsSettings(), Limits(), VERIFIER)
    path = tmp_path_factory.mktemp("contract") / "openapi.json"
    path.write_text(json.dumps(app.openapi()))
    return path


def generate(document: Path, folder: Path) -> str:
    config = folder / "config.json"
    config.write_text(json.dumps(CONFIG))
    return run(
        *(BIN / "openapi-python-client", "generate", "--fail-on-warning", "--meta", "none"),
        *("--path", document, "--config", config, "--output-path", folder / PACKAGE),
    )


@pytest.fixture(scope="module")
def package(document: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """A Python client, generated without a warning."""
    folder = tmp_path_factory.mktemp("client")
    assert "WARNING" not in generate(document, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        yield importlib.import_module(PACKAGE)
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]


def operation(package: ModuleType, name: str) -> Any:
    return importlib.import_module(f"{package.__name__}.api.{name}")


def test_the_generated_client_creates_a_guest_session(package: ModuleType, world: World) -> None:
    world.answer(CreateGuest=GUEST)
    models = importlib.import_module(f"{package.__name__}.models")
    create_guest = operation(package, "accounts.create_guest")
    with package.Client(base_url=str(world.client.base_url)) as client:
        answer = create_guest.sync_detailed(client=client, body=models.NewGuest.from_dict(FORM))
        assert answer.status_code == 201
        assert isinstance(answer.parsed, models.GuestSession)
        assert answer.parsed.to_dict() == json.loads(answer.content)
        world.answer(CreateGuest=InvalidEventCode())
        refused = create_guest.sync(client=client, body=models.NewGuest.from_dict(FORM))
    assert isinstance(refused, models.ProblemBody)
    assert (refused.status, refused.reason) == (404, "invalid_event_code")


def test_the_generated_client_downloads_an_archive(package: ModuleType, world: World) -> None:
    answer_all(world)
    download = operation(package, "photos.download_my_photos")
    with package.AuthenticatedClient(base_url=str(world.client.base_url), token=TOKEN) as client:
        file = download.sync(client=client, event_id=EVENT)
    with zipfile.ZipFile(io.BytesIO(file.payload.read())) as archive:
        assert len(archive.namelist()) == len(PICTURES)


def test_control_a_document_the_generator_cannot_read_fails(document: Path, tmp_path: Path) -> None:
    """Checks that the generator reports what it does not support."""
    broken = json.loads(document.read_text())
    operation = broken["paths"]["/api/my-photos.zip"]["get"]
    operation["responses"]["200"]["content"] = {"application/x-unknown": {"schema": {"type": "string"}}}
    (tmp_path / "broken.json").write_text(json.dumps(broken))
    with pytest.raises(AssertionError, match="application/x-unknown"):
        generate(tmp_path / "broken.json", tmp_path)


@pytest.mark.skipif(not TYPESCRIPT.exists() or not shutil.which("node", path=str(BIN)), reason="make pages gets it")
def test_typescript_types_are_generated_without_a_warning(document: Path, tmp_path: Path) -> None:
    said = run(TYPESCRIPT, document, "--output", tmp_path / "rest.d.ts")
    assert "warn" not in said.lower()
    assert "download_event" in (tmp_path / "rest.d.ts").read_text()
