"""`minois upload` uploads a folder to an event and survives connection failures."""

import os
import subprocess
import sys
from pathlib import Path

import httpx2
import numpy as np
import pytest
from PIL import Image

from deploy.local.system import LocalSystem
from tests.e2e.party import PASSWORD, Json, Organiser, until

PHOTOS = 12
BASE = [sys.executable, "-m", "deploy.cli"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Noise photos in two folders: one is a duplicate, one is not a picture, one is hidden."""
    made = tmp_path_factory.mktemp("camera")
    (made / "day2").mkdir()
    random = np.random.default_rng(1)
    for number in range(PHOTOS):
        pixels = random.integers(0, 256, (400, 600, 3), np.uint8)
        Image.fromarray(pixels).save(made / ("day2" if number % 2 else ".") / f"{number:02}.JPG", "JPEG", quality=95)
    (made / "copy.jpg").write_bytes((made / "00.JPG").read_bytes())
    (made / "broken.jpeg").write_bytes(b"no picture at all")
    (made / "notes.txt").write_text("by the lake")
    (made / "._00.JPG").write_bytes(b"of the Finder")
    return made


@pytest.fixture
def event(organiser: Organiser) -> Json:
    return organiser.event(f"Upload {os.urandom(4).hex()}")


def start(system: LocalSystem, folder: Path, *options: str) -> subprocess.Popen[str]:
    command = [*BASE, "upload", str(folder), "--username", "olga", "--server", system.base_url, *options]
    env = {**os.environ, "MINOIS_PASSWORD": PASSWORD, "COLUMNS": "200"}
    return subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True)


def finish(process: subprocess.Popen[str]) -> tuple[int, str]:
    _, said = process.communicate(timeout=120)
    return process.returncode, said


def count(organiser: Organiser, event: Json) -> int:
    total: int = organiser.get(f"/api/events/{event['id']}/photos")["total"]
    return total


def is_back(organiser: Organiser) -> bool:
    try:
        return organiser.http.get("/api/events").is_success
    except httpx2.TransportError:
        return False


def test_a_folder_is_uploaded_once_and_failures_are_listed(
    system: LocalSystem, organiser: Organiser, event: Json, folder: Path
) -> None:
    code, said = finish(start(system, folder, "--event", event["name"]))
    assert code == 1, said
    assert f"{PHOTOS} sent, 0 already uploaded, 1 rejected, 1 other files skipped." in said
    assert "broken.jpeg" in said
    assert "unsupported_type" in said
    assert count(organiser, event) == PHOTOS
    code, said = finish(start(system, folder / "day2", "--event", event["id"]))
    assert (code, count(organiser, event)) == (0, PHOTOS)
    assert f"0 sent, {PHOTOS // 2} already uploaded." in said


def test_an_upload_survives_a_crash_of_the_gateway(
    system: LocalSystem, organiser: Organiser, event: Json, folder: Path
) -> None:
    upload = start(system, folder, "--event", event["id"], "--connections", "1")
    until(lambda: count(organiser, event), lambda arrived: arrived > 0)
    system.kill("gateway")
    code, said = finish(upload)
    assert code == 1, said
    assert ", 1 rejected, 1 other files skipped." in said
    assert "not sent" not in said
    assert count(organiser, event) == PHOTOS


def test_control_without_retries_it_fails_and_a_second_run_resumes(
    system: LocalSystem, organiser: Organiser, event: Json, folder: Path
) -> None:
    upload = start(system, folder, "--event", event["id"], "--connections", "1", "--patience", "0")
    until(lambda: count(organiser, event), lambda arrived: arrived > 0)
    system.kill("gateway")
    code, said = finish(upload)
    assert code == 1
    until(lambda: is_back(organiser), bool)
    if count(organiser, event) < PHOTOS:  # otherwise it finished before the gateway died
        assert "Run the same command again" in said
    code, said = finish(start(system, folder / "day2", "--event", event["id"]))
    assert code == 0, said


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--event", "no such party"], "No event matches. Choose one with --event:"),
        (["--server", "http://127.0.0.1:9", "--patience", "0"], "127.0.0.1:9"),
        (["--evnt", "x"], "--event"),
    ],
)
def test_an_invalid_option_fails_with_advice(
    system: LocalSystem, event: Json, folder: Path, options: list[str], reason: str
) -> None:
    code, said = finish(start(system, folder, *options))
    assert code in (1, 2)
    assert reason in said


def test_a_wrong_password_is_rejected(system: LocalSystem, organiser: Organiser, folder: Path) -> None:
    command = [*BASE, "upload", str(folder), "--username", "olga", "--server", system.base_url]
    env = {**os.environ, "MINOIS_PASSWORD": "not the password"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "invalid_credentials" in done.stderr
