"""`make image-test`: the container image and compose.yaml, run like an installation."""

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import httpx2
import pytest
from rich.console import Console

from deploy.journey import Journey
from deploy.local.environment import free_ports
from deploy.local.processes import PROCESSES as LOCAL
from deploy.rest import Person
from deploy.roles import role_of
from deploy.sample.event import SampleEvent, sample_event
from tests.cluster import installation
from tests.cluster.images import ROOT, NoEngine, build_image, provide_postgres, require_programs, size_mb
from tests.cluster.installation import PROCESSES, SERVICES
from tests.cluster.pooler import Pooler
from tests.cluster.stack import Stack
from tests.e2e.party import PASSWORD, Organiser, register, showing, until
from tests.harness.programs import NoProgram
from tests.harness.s3 import S3Server, install

pytestmark = pytest.mark.timeout(2700)  # the first time, everything is built

MAX_IMAGE_MB = 900
USER = "65532"
MODELS = "/opt/minois/models"
GUIDE = ROOT / "docs" / "operations" / "compose.md"
DUMP = ("pg_dump", "--username=minois", "--format=custom", "minois")
PACK = ("tar", "--create", "--directory=/var/lib/minois", "files")
PACK_SECRETS = ("tar", "--create", "--directory=/var/lib/minois", "secrets")
LOAD = ("pg_restore", "--username=minois", "--dbname=minois", "--no-owner", "--exit-on-error", "--single-transaction")
KINDS = {kind.name: kind for kind in LOCAL}
UNPACK = ("tar", "--extract", "--directory=/var/lib/minois")
PACK_LEDGER = ("tar", "--create", "--directory=/var/lib/minois", "files/ledger")
MASTER_KEY = ("tar", "--create", "--directory=/var/lib/minois", "master")


@dataclass(frozen=True)
class Backup:
    """What the guide says to keep."""

    dump: bytes
    files: bytes
    master_key: bytes
    secrets: bytes

    @classmethod
    def take(cls, stack: Stack) -> Self:
        return cls(
            dump=stack.enter("database", *DUMP),
            files=stack.enter("indexer", *PACK),
            master_key=stack.enter("indexer", *MASTER_KEY),
            secrets=stack.feed("prepare", *PACK_SECRETS, given=b""),
        )

    def restore(self, stack: Stack) -> str:
        """Into an empty installation; returns the address of the started one."""
        stack.feed("prepare", *UNPACK, "secrets", given=self.secrets)
        stack.feed("prepare", *UNPACK, "master", given=self.master_key)
        installation.start_database(stack)
        stack.feed("indexer", *UNPACK, "files", given=self.files)
        stack.enter("database", *LOAD, given=self.dump)
        return installation.start_processes(stack)


@contextmanager
def skipped_without_engine() -> Iterator[None]:
    """With MINOIS_IMAGE=required, a missing tool fails the test."""
    try:
        yield
    except (NoEngine, NoProgram) as fault:
        if os.environ.get("MINOIS_IMAGE") == "required":
            raise
        pytest.skip(f"no container image: {fault}")


@pytest.fixture(scope="module")
def image() -> str:
    if not os.environ.get("MINOIS_IMAGE"):
        pytest.skip("the container image is tested by make image-test")
    with skipped_without_engine():
        require_programs()
        provide_postgres()
        return build_image()


@pytest.fixture(scope="module")
def sample() -> SampleEvent:
    return sample_event(Path("var/sample"))


@pytest.fixture
def stack(image: str) -> Iterator[Stack]:
    with skipped_without_engine(), installation.new_stack("mn-image", image, free_ports(["gateway"])["gateway"]) as new:
        yield new


def test_the_image_is_small_enough(image: str) -> None:
    assert size_mb(image) <= MAX_IMAGE_MB


def test_hardened_containers_behind_a_pooler_and_on_s3_carry_a_whole_event(
    stack: Stack, sample: SampleEvent, tmp_path: Path
) -> None:
    with skipped_without_engine():
        install()
    installation.start_database(stack)
    (tmp_path / "buckets").mkdir()
    (tmp_path / "pooler").mkdir()
    s3 = S3Server(tmp_path / "buckets", stack.host)
    bucket = s3.make_bucket("photos")
    stack.change(SERVICES, BLOB_URL="s3://photos", **s3.settings)
    s3.start()
    lines = stack.feed("prepare", "cat", "/var/lib/minois/migrate/pgpass", given=b"").decode().splitlines()
    try:
        with Pooler(tmp_path / "pooler", stack.address("database"), lines) as pooler:
            for name in SERVICES:
                role = role_of(KINDS[name].service)
                stack.change([name], DATABASE_URL=f"postgresql://{role}@{stack.host}:{pooler.port}/minois")
            url = installation.start_processes(stack)
            until(lambda: httpx2.get(f"{url}/readyz").json()["file_store"], lambda state: state == "serving")
            journey = Journey(
                url, lambda person: installation.become_organiser(stack, person), sample, Console(quiet=True)
            )
            report = journey.walk()
            assert [(guest.name, guest.is_exact) for guest in report.guests] == [
                (name, True) for name in sample.selfies
            ]
            assert {path.name for path in bucket.iterdir() if path.is_dir() and path.name[0] != "."} >= {"photos"}
            for name in PROCESSES:
                check_hardening(stack, name)
            check_models(stack)
            print({name: f"{stack.peak_mb(name)} MB" for name in (*PROCESSES, "database")})
            assert installation.stop_processes(stack) == dict.fromkeys(PROCESSES, 0)
    finally:
        s3.stop()


def check_models(stack: Stack) -> None:
    """Both models were converted at build time; the image lacks the tools to do so."""
    load = "from kit.faces.encode.encoder import Encoder as E; from kit.faces.detect.centerface import CenterFace as C"
    stack.enter("indexer", "python", "-c", f"{load}; from pathlib import Path as P; E(P('{MODELS}')); C(P('{MODELS}'))")
    with pytest.raises(NoEngine, match="No module named 'onnx'"):
        stack.enter("indexer", "python", "-c", f"{load}; C(None)")


def check_hardening(stack: Stack, name: str) -> None:
    status = stack.enter(name, "cat", "/proc/1/status").decode()
    facts = dict(re.findall(r"^(Uid|CapEff|CapBnd|NoNewPrivs):\s+(\w+)", status, re.M))
    assert facts == {"Uid": USER, "CapEff": "0" * 16, "CapBnd": "0" * 16, "NoNewPrivs": "1"}, name
    stack.enter(name, "touch", "/tmp/control")
    with pytest.raises(NoEngine, match="Read-only file system"):
        stack.enter(name, "touch", "/opt/minois/app/new")


def test_an_installation_survives_an_upgrade_and_comes_back_from_its_backup(stack: Stack, sample: SampleEvent) -> None:
    installation.start_database(stack)
    url = installation.start_processes(stack)
    with Person(url) as person:
        installation.become_organiser(stack, person)
    with log_in(url) as olga:
        event = olga.event("Wedding")
        photos = olga.add_photos(event, sample.photos[:6])
        with register(url, event, "ben") as ben:
            ben_id = ben.get("/api/me")["user_id"]
    # Like an upgrade: everything stops, `prepare` and `migrate` run again.
    installation.stop_processes(stack)
    stack.stop("database")
    installation.start_database(stack)
    url = installation.start_processes(stack)
    with log_in(url) as olga:
        assert olga.indexed(event)["indexed"] == 6
    backup = Backup.take(stack)
    with log_in(url, "ben") as ben:
        ben.expect(204, "DELETE", "/api/me")
    ledger = until(lambda: ledger_of(stack), lambda found: ben_id.encode() in found)
    stack.remove()
    with stack:
        url = backup.restore(stack)
        stack.enter("indexer", "python", "-m", "matcher_service", "check", "--repair")
        with log_in(url, "ben"):  # control: the restore brings back who was erased after the backup
            pass
        stack.enter("indexer", *UNPACK, "files", given=ledger)
        stack.enter("selfie-worker", "python", "-m", "selfie_service", "replay")
        stack.enter("indexer", "python", "-m", "matcher_service", "replay")
        replayed = stack.run("auth", "auth_service", "replay", volumes=("files:/var/lib/minois/files:ro",))
        assert json.loads(replayed.splitlines()[-1])["erased"] == 1
        assert ask_to_log_in(url, "ben").status_code == 401
        with log_in(url) as olga, register(url, event) as guest:
            assert guest.selfie_and_wait(sample.selfies["Ada"])["status"] == "done"
            found = showing(photos, "Ada")
            assert guest.photos() == found
            assert olga.http.get(f"/api/photos/{min(found)}/preview").content[:2] == b"\xff\xd8"


@pytest.mark.parametrize(
    "words",
    [
        DUMP,
        PACK,
        PACK_SECRETS,
        PACK_LEDGER,
        LOAD,
        MASTER_KEY,
        *((*UNPACK, name) for name in ("secrets", "master", "files")),
    ],
)
def test_the_guide_names_the_commands_that_are_tested_here(words: tuple[str, ...]) -> None:
    text = GUIDE.read_text().replace(" \\\n     ", "")
    program, *options = words
    assert program in text
    assert " ".join(options) in text


def test_the_guide_names_the_replay_that_is_tested_here() -> None:
    assert "--volume minois_files:/var/lib/minois/files:ro auth auth_service replay" in GUIDE.read_text()


def ledger_of(stack: Stack) -> bytes:
    """An archive of the ledger; empty while there is none."""
    return stack.enter("indexer", *PACK_LEDGER) if stack.answers("indexer", *PACK_LEDGER) else b""


def ask_to_log_in(url: str, username: str) -> httpx2.Response:
    return httpx2.post(f"{url}/api/login", json={"username": username, "password": PASSWORD}, timeout=30)


def log_in(url: str, username: str = "olga") -> Organiser:
    answer = ask_to_log_in(url, username)
    assert answer.status_code == 200, answer.text
    return Organiser(url, answer.json(), username)
