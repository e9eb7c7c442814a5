"""Disk, log and backups contain no readable face, and nothing about an erased person."""

import os
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import create_engine, text

from deploy import backup
from deploy.local.environment import master_key_of
from deploy.local.faults import CannotStart
from deploy.local.postgres import cluster_folder
from deploy.local.system import LocalSystem
from deploy.rest import add_organiser
from deploy.sample.event import SampleEvent
from kit.db.engine import driver_url
from kit.vault import Vault, create_master_key
from tests.e2e.party import PASSWORD, Json, Organiser, register, until

SLICE = 48  # long enough not to occur by chance


@dataclass(frozen=True)
class Traces:
    """Byte sequences that would identify a person, in each form in which a file may contain them."""

    name: list[bytes]
    selfie: list[bytes]
    encoding: list[bytes]
    sealed: list[bytes]


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="mn-enc-", dir="/tmp", ignore_cleanup_errors=True) as made:
        yield Path(made)


def login(base_url: str, username: str) -> Json:
    answer = httpx2.post(f"{base_url}/api/login", json={"username": username, "password": PASSWORD}, timeout=30)
    body: Json = answer.json()
    return body


def slices(data: bytes) -> list[bytes]:
    """Slices of the file, as bytes and as hex, as a database page may cut one; not of its start, which many JPEGs
    share.
    """
    found = [data[at : at + SLICE] for at in range(len(data) // 4, len(data) - SLICE, max(SLICE, len(data) // 9))]
    return found + [part.hex().encode() for part in found]


def read_traces(system: LocalSystem, person: uuid.UUID, name: str, selfie: bytes) -> Traces:
    vault = Vault.read(master_key_of(system.data))
    engine = create_engine(driver_url(system.env["DATABASE_URL"]))
    with engine.begin() as connection:
        query = text("SELECT encoding FROM selfie.selfies WHERE person_id = :person AND encoding IS NOT NULL")
        sealed = bytes(connection.execute(query, {"person": person}).scalar_one())
    engine.dispose()
    encoding = vault.of_person(person).open(sealed)
    assert len(encoding) == 512
    return Traces([name.encode(), f"{name}@".encode()], slices(selfie), slices(encoding), slices(sealed))


def is_in(parts: list[bytes], files: list[Path]) -> bool:
    return any(part in content for content in (path.read_bytes() for path in files) for part in parts)


def files_of(*folders: Path) -> list[Path]:
    return [path for folder in folders for path in folder.rglob("*") if path.is_file() and "master" not in path.parts]


def unpack(dump: Path, to: Path) -> Path:
    """Converts a compressed dump to SQL."""
    sql = to / f"{uuid.uuid4()}.sql"
    backup._run("pg_restore", f"--file={sql}", str(dump))
    return sql


def test_no_face_is_readable_and_nothing_remains_of_an_erased_person(folder: Path, sample: SampleEvent) -> None:
    data, name = folder / "data", f"guest-{uuid.uuid4().hex[:12]}"
    selfie = sample.selfies["Ben"]
    with LocalSystem(data) as system:
        cluster = cluster_folder(data, Path.home(), os.geteuid() == 0)
        add_organiser(system.data, system.env, "olga", PASSWORD)
        with Organiser(system.base_url, login(system.base_url, "olga"), "olga") as olga:
            event = olga.event()
            olga.add_photos(event, sample.photos[:4])
            with register(system.base_url, event, name) as guest:
                guest.selfie_and_wait(selfie)
                assert guest.photos()
                traces = read_traces(system, uuid.UUID(guest.id), name, selfie)
                raw = files_of(data, cluster)
                backup.create(data, folder / "first")
                dump = unpack(folder / "first" / "database.dump", folder)
                everything = [*raw, *files_of(folder / "first"), dump]
                assert is_in(traces.sealed, raw), "the search finds existing traces"
                assert is_in(traces.sealed, [dump])
                assert is_in(traces.name, [dump])
                assert not is_in(traces.selfie, everything)
                assert not is_in(traces.encoding, everything)
                assert len(files_of(data / "blobs" / "selfies")) == 1
                guest.expect(204, "DELETE", "/api/me")
            until(lambda: files_of(data / "blobs" / "selfies"), lambda left: not left)
        backup.create(data, folder / "second")
        after = [unpack(folder / "second" / "database.dump", folder), *files_of(data / "blobs"), system.log_path]
        for parts in (traces.name, traces.selfie, traces.encoding, traces.sealed):
            assert not is_in(parts, after)
        assert not is_in(traces.encoding, files_of(data, cluster)), "not even in unused parts of files"
        assert not is_in(traces.selfie, files_of(data, cluster))

    master_key_of(data).unlink()
    create_master_key(master_key_of(data))
    with pytest.raises(CannotStart, match="not the key that encrypted the faces"), LocalSystem(data):
        pass
    LocalSystem(data).remove_data()
