"""The file store of the real processes: an S3 server with outages, and a full disk."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from deploy.local.system import LocalSystem
from deploy.rest import add_organiser
from deploy.sample.event import SampleEvent
from tests.e2e.party import PASSWORD, Organiser, register, showing, until
from tests.harness.s3 import S3Server

pytestmark = pytest.mark.timeout(900)  # the first test may build the S3 server

LEFT_BYTES = 16 * 1024


@contextmanager
def running(settings: dict[str, str]) -> Iterator[tuple[LocalSystem, Organiser]]:
    """A separate system and its organiser."""
    folder = Path(tempfile.mkdtemp(prefix="mn-files-", dir="/tmp"))
    system = LocalSystem(folder / "data", settings=settings)
    try:
        with system:
            add_organiser(system.data, system.env, "olga", PASSWORD)
            login = {"username": "olga", "password": PASSWORD}
            answer = httpx2.post(f"{system.base_url}/api/login", json=login, timeout=30)
            with Organiser(system.base_url, answer.json(), "olga") as organiser:
                yield system, organiser
    finally:
        system.remove_data()
        shutil.rmtree(folder, ignore_errors=True)


def upload(organiser: Organiser, event: dict[str, Any], name: str, jpeg: bytes) -> httpx2.Response:
    return organiser.http.post(f"/api/events/{event['id']}/photos", files=[("files", (name, jpeg, "image/jpeg"))])


def file_store(system: LocalSystem) -> str:
    state: str = httpx2.get(f"{system.base_url}/readyz").json()["file_store"]
    return state


def test_photos_are_stored_in_s3_and_survive_an_outage(s3: S3Server, sample: SampleEvent) -> None:
    settings = {**s3.settings, "BLOB_URL": "s3://photos", "BLOB_TIMEOUT_S": "2"}
    bucket = s3.folder / "photos"
    (bucket / "backup").write_bytes(b"of another program")
    with running(settings) as (system, organiser):
        event = organiser.event("On S3")
        photos = organiser.add_photos(event, sample.photos[:8])
        with register(system.base_url, event) as guest:
            guest.selfie_and_wait(sample.selfies["Ada"])
            found = showing(photos, "Ada")
            assert guest.photos() == found
            for photo in found:
                preview = guest.http.get(f"/api/photos/{photo}/preview")
                assert (preview.status_code, preview.content[:2]) == (200, b"\xff\xd8")
            # The bucket is unavailable for a while: nothing fails permanently, and nothing counts as deleted.
            bucket.rename(s3.folder / "elsewhere")
            more = sample.photos[8]
            answer = upload(organiser, event, more.name, more.jpeg)
            assert (answer.status_code, answer.json()["reason"]) == (503, "blobs_unavailable")
            until(lambda: file_store(system), lambda state: state == "bucket_missing")
            assert guest.http.get(f"/api/photos/{next(iter(found))}/preview").status_code == 503
            (s3.folder / "elsewhere").rename(bucket)
            until(lambda: file_store(system), lambda state: state == "serving")
            # The server is unavailable while photos are pending.
            system.stop_one("indexer")
            assert upload(organiser, event, more.name, more.jpeg).status_code == 202
            s3.stop()
            system.start_one("indexer")
            until(lambda: re.search(r"^indexer .*The file store failed", system.log_path.read_text(), re.M), bool)
            s3.start()
            counts = organiser.indexed(event)
            assert (counts["indexed"], counts["failed"]) == (9, 0)
    assert (bucket / "backup").read_bytes() == b"of another program"
    ours = {path.name for path in bucket.iterdir() if not path.name.startswith(".")} - {"backup"}
    assert ours == {"photos", "selfies"}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A 2 MB file system."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("no small disk: only root may mount one")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_reported_until_space_is_available(small_disk: Path, sample: SampleEvent) -> None:
    settings = {"BLOB_URL": f"file://{small_disk}/blobs", "BLOB_MIN_FREE_MB": "0"}
    with running(settings) as (system, organiser):
        event = organiser.event("Full")
        assert file_store(system) == "serving"
        filler = small_disk / "filler"
        subprocess.run(["fallocate", "-l", str(shutil.disk_usage(small_disk).free - LEFT_BYTES), filler], check=True)
        photo = next(photo for photo in sample.photos if len(photo.jpeg) > 2 * LEFT_BYTES)
        answer = upload(organiser, event, photo.name, photo.jpeg)
        assert (answer.status_code, answer.json()["reason"]) == (503, "blobs_unavailable")
        with register(system.base_url, event) as guest:
            selfie = {"file": ("selfie.jpg", sample.selfies["Ada"])}
            refusal = guest.http.post("/api/upload-selfie", files=selfie)
            assert (refusal.status_code, refusal.json()["reason"]) == (503, "blobs_unavailable")
            until(lambda: file_store(system), lambda state: state == "disk_full")
            assert "The disk of the file store is full." in system.log_path.read_text()
            filler.unlink()
            assert upload(organiser, event, photo.name, photo.jpeg).status_code == 202
            organiser.indexed(event)
            # Each service reports the full disk until it has written a file, otherwise for a minute.
            assert guest.http.post("/api/upload-selfie", files=selfie).status_code == 202
        until(lambda: file_store(system), lambda state: state == "serving")
