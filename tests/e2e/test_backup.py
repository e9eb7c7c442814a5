"""A backup of a running system, restored elsewhere: each guest has the same photos, and later erasures are repeated."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import httpx2
import pytest

from deploy.local.system import LocalSystem
from deploy.rest import add_organiser
from deploy.sample.event import SampleEvent, SamplePhoto
from tests.e2e.party import PASSWORD, Json, Organiser, Person, register, showing, until

NO_SERVER = "smtp://127.0.0.1:1"  # a backup needs no mailer


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="mn-bak-", dir="/tmp", ignore_cleanup_errors=True) as made:
        yield Path(made)


@dataclass(frozen=True)
class Kept:
    """A stopped system, and a backup from before its last erasures.

    `photos`, `seen` and `early`: those of the event, those of them that show Ben, and those that were uploaded
    immediately before the backup. After it Ben, a person that he searched for, the photo `gone` and the event `second`
    were erased.
    """

    data: Path
    backup: Path
    event: Json
    second: Json
    photos: list[str]
    seen: set[str]
    early: set[str]

    @property
    def gone(self) -> str:
        return self.photos[0]

    @property
    def key(self) -> Path:
        return self.data / "master" / "master.key"


def start(module: str, *words: str, data: Path) -> subprocess.Popen[str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "BLOB_URL")}
    return subprocess.Popen(
        [sys.executable, "-m", module, *words],
        env={**kept, "MINOIS_DATA": str(data), "SMTP_URL": NO_SERVER},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def command(module: str, *words: str, data: Path) -> subprocess.CompletedProcess[str]:
    with start(module, *words, data=data) as running:
        out, err = running.communicate()
        return subprocess.CompletedProcess(words, running.returncode, out, err)


def login(base_url: str, username: str) -> Json:
    answer = httpx2.post(f"{base_url}/api/login", json={"username": username, "password": PASSWORD}, timeout=30)
    assert answer.status_code == 200, answer.text
    body: Json = answer.json()
    return body


def variants(photo: SamplePhoto, count: int) -> list[SamplePhoto]:
    """The same picture as several files: decoders ignore bytes after the end of the image."""
    return [replace(photo, name=f"{number}.jpg", jpeg=photo.jpeg + bytes([number])) for number in range(count)]


def back_up_while_photos_come(olga: Organiser, event: Json, photo: SamplePhoto, data: Path, backup: Path) -> set[str]:
    """Runs a backup during an upload; the photos accepted before it began."""
    first, *others = variants(photo, 6)
    early = set(olga.add_photos(event, [first], wait=False))
    with start("deploy.backup", "create", str(backup), data=data) as running:
        until(lambda: backup.exists() or running.poll() is not None, bool)
        for one in others:
            olga.add_photos(event, [one], wait=False)
        _, err = running.communicate()
    assert running.returncode == 0, err
    return early


def check(data: Path, *words: str) -> Json:
    """Asserts that the check finds nothing, and returns its counts."""
    done = command("matcher_service", "check", *words, data=data)
    assert done.returncode == 0, done.stdout + done.stderr
    counts: Json = json.loads(done.stdout.splitlines()[-1])
    assert counts["wrong"] == 0
    return counts


@pytest.fixture(scope="module")
def kept(folder: Path, sample: SampleEvent) -> Iterator[Kept]:
    data, backup = folder / "kept", folder / "backup"
    shown = next(photo for photo in sample.photos if photo.people == {"Ben"})
    with LocalSystem(data) as system:
        add_organiser(system.data, system.env, "olga", PASSWORD)
        with Organiser(system.base_url, login(system.base_url, "olga"), "olga") as olga:
            event, second = olga.event("Kept"), olga.event("Deleted")
            photos = olga.add_photos(event, sample.photos[:4])
            gone = next(iter(photos))
            with register(system.base_url, event, "ben") as guest:
                guest.selfie_and_wait(sample.selfies["Ben"])
                seen = guest.photos()
                assert seen == showing(photos, "Ben") != set()
                mia = guest.expect(201, "POST", "/api/people", json={"name": "Mia", "consent_version": "1"})["id"]
                early = back_up_while_photos_come(olga, event, shown, data, backup)
                erased = {guest.get("/api/me")["user_id"], mia}
                guest.expect(204, "DELETE", f"/api/people/{mia}")
                guest.expect(204, "DELETE", "/api/me")
            olga.expect(204, "DELETE", f"/api/photos/{gone}")
            olga.expect(204, "DELETE", f"/api/events/{second['id']}")
            erased |= {gone, second["id"]}
            until(lambda: ids_in_ledger(data), lambda found: erased <= found)
    yield Kept(data, backup, event, second, list(photos), seen, early)
    LocalSystem(data).remove_data()


def test_a_backup_is_restored_elsewhere_and_later_erasures_are_repeated(kept: Kept, folder: Path) -> None:
    data = folder / "restored"
    assert not list(kept.backup.rglob("master.key"))
    restored = command("deploy.backup", "restore", str(kept.backup), "--master-key", str(kept.key), data=data)
    assert restored.returncode == 0, restored.stderr
    assert "matcher_service check --repair" in restored.stdout
    assert "deploy.backup replay" in restored.stdout
    refused = command("deploy.backup", "restore", str(kept.backup), data=data)
    assert (refused.returncode, "not empty" in refused.stderr) == (1, True)
    with LocalSystem(data) as system:
        assert_everything_is_back(system, kept)

    replayed = command("deploy.backup", "replay", str(kept.data / "blobs"), data=data)
    assert replayed.returncode == 0, replayed.stderr
    counts = {line["service"]: line["erased"] for line in map(json.loads, replayed.stdout.splitlines())}
    assert counts == {"auth": 2, "selfie": 1, "matcher": 1}
    with LocalSystem(data) as system:
        assert status_of_login(system.base_url, "ben") == 401
        with Organiser(system.base_url, login(system.base_url, "olga"), "olga") as olga:
            olga.expect(404, "GET", f"/api/events/{kept.second['id']}")
            olga.expect(404, "GET", f"/api/photos/{kept.gone}/thumb")
            olga.expect(200, "GET", f"/api/photos/{kept.photos[1]}/thumb")
    refused = command("deploy.backup", "replay", str(kept.backup), data=data)
    assert (refused.returncode, "no folder ledger" in refused.stderr) == (1, True)
    LocalSystem(data).remove_data()


def assert_everything_is_back(system: LocalSystem, kept: Kept) -> None:
    """Everything of the backup, including what was erased after it."""
    with Person(system.base_url, login(system.base_url, "ben"), "ben") as guest:
        # Photos pending in the backup are read here.
        now = until(guest.photos, lambda now: kept.seen | kept.early <= now)
        for photo_id in now:
            guest.expect(200, "GET", f"/api/photos/{photo_id}/original")
    with Organiser(system.base_url, login(system.base_url, "olga"), "olga") as olga:
        olga.indexed(kept.event)
        olga.expect(200, "GET", f"/api/events/{kept.second['id']}")
        for photo_id in kept.photos:
            olga.expect(200, "GET", f"/api/photos/{photo_id}/thumb")
    check(system.data, "--repair")
    assert check(system.data)["seen"]["photo"] >= len(kept.photos) + len(kept.early)
    ours, theirs = (folder / "keys" / "auth.key.pem" for folder in (kept.data, system.data))
    assert theirs.read_bytes() == ours.read_bytes()


def test_a_stopped_system_can_be_backed_up_and_an_incomplete_backup_is_rejected(kept: Kept, folder: Path) -> None:
    backup, nowhere = folder / "second", folder / "nowhere"
    nothing = command("deploy.backup", "create", str(backup), data=nowhere)
    assert (nothing.returncode, "no data" in nothing.stderr) == (1, True)
    done = command("deploy.backup", "create", str(backup), data=kept.data)
    assert done.returncode == 0, done.stderr
    assert backup.stat().st_mode & 0o777 == 0o700
    refused = command("deploy.backup", "create", str(backup), data=kept.data)
    assert (refused.returncode, "not empty" in refused.stderr) == (1, True)

    dump = (backup / "database.dump").read_bytes()
    (backup / "database.dump").write_bytes(dump[: len(dump) // 2])
    torn = command("deploy.backup", "restore", str(backup), data=nowhere)
    assert (torn.returncode, "pg_restore" in torn.stderr) == (1, True)
    assert not nowhere.exists()

    (backup / "backup.json").unlink()
    half = command("deploy.backup", "restore", str(backup), data=nowhere)
    assert (half.returncode, "no complete backup" in half.stderr) == (1, True)


def ids_in_ledger(data: Path) -> set[str]:
    files = [path for path in (data / "blobs" / "ledger").rglob("*") if path.is_file()]
    return {line.split()[1] for file in files for line in file.read_text().splitlines()}


def status_of_login(base_url: str, username: str) -> int:
    form = {"username": username, "password": PASSWORD}
    return httpx2.post(f"{base_url}/api/login", json=form, timeout=30).status_code
