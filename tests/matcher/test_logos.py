"""Event logos: validation, durable replacement, and deletion of their files."""

import io
import os
import time
from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from PIL import Image
from sqlalchemy import Engine, text

from kit.errors import DatabaseUnavailable, Fault
from kit.faces.logo import LogoReading
from kit.faces.logo_process import LogoProcess
from kit.storage.sweeper import ORPHAN_AGE, Sweeper
from matcher_service.domain import ChangeKind, EventNotFound, LogoNotFound, Role
from matcher_service.domain.logos import MAX_LOGO_BYTES, Logo
from matcher_service.store import LogoStore
from tests.harness.databases import lose_commits
from tests.harness.migrations import downgrade, upgrade
from tests.matcher.party import check
from tests.matcher.scripted_photos import JPEG, JPEG_END
from tests.matcher.world import MakeWorld, World

PNG = b"\x89PNG\r\n\x1a\n"


def set_logo(world: World, event: UUID, words: str = "a logo") -> Logo:
    return world.logos.set_logo(world.organiser, event, PNG + b"|" + words.encode())


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "EMPTY_IMAGE"),
        (PNG + bytes(MAX_LOGO_BYTES), "TOO_LARGE"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "UNSUPPORTED_TYPE"),
        (b"\0\0\0\x18ftypheic" + bytes(100), "UNSUPPORTED_TYPE"),
        (PNG + b"|damaged", "UNREADABLE_LOGO"),
        (PNG + b"|deadly", "UNREADABLE_LOGO"),
    ],
)
def test_an_invalid_logo_is_rejected_and_the_previous_one_stays(world: World, data: bytes, reason: str) -> None:
    event = world.event()
    before, files = set_logo(world, event), world.files()
    with pytest.raises(Fault) as refusal:
        world.logos.set_logo(world.organiser, event, data)
    assert refusal.value.reason == reason
    assert world.logos.open_logo(world.organiser, event)[0] == before
    assert world.files() == files


def test_members_see_the_logo_and_strangers_do_not(world: World) -> None:
    event = world.event()
    guest = world.join(event)
    with pytest.raises(LogoNotFound):
        world.logos.open_logo(guest, event)
    logo = set_logo(world, event)
    assert world.logos.open_logo(guest, event) == (logo, b"PNG of a logo")
    assert (logo.width, logo.height) == (480, 90)
    with pytest.raises(EventNotFound):
        world.logos.open_logo(uuid4(), event)


def test_a_new_logo_has_a_new_version_and_the_previous_file_is_deleted(world: World) -> None:
    event = world.event()
    one = set_logo(world, event)
    other = set_logo(world, event, "another")
    assert one.version != other.version == world.logos.find_version(event)
    world.sweep()
    assert world.files() == {other.key}
    world.logos.delete_logo(world.organiser, event)
    world.logos.delete_logo(world.organiser, event)
    world.sweep()
    assert (world.files(), world.logos.find_version(event)) == (set(), "")


def test_the_logo_is_deleted_with_its_event(world: World) -> None:
    event, other = world.event(), world.event()
    set_logo(world, event)
    kept = set_logo(world, other)
    world.change(ChangeKind.EVENT_DELETED, event_id=event)
    with pytest.raises(EventNotFound):
        world.logos.open_logo(world.organiser, event)
    world.sweep()
    assert world.files() == {kept.key}
    assert world.count("logos") == 1


class Forgetful(LogoStore):
    """A broken twin: does not queue the previous logo's file for deletion."""

    def set(self, event_id: UUID, user_id: UUID, key: str, width: int, height: int) -> Logo:
        with self._engine.begin() as connection:
            connection.execute(text("DELETE FROM matcher.logos"))
        return super().set(event_id, user_id, key, width, height)


def test_control_a_replacement_that_queues_no_deletion_leaves_a_file(make_world: MakeWorld) -> None:
    world = make_world(logo_store=Forgetful)
    event = world.event()
    for words in ("one", "another"):
        set_logo(world, event, words)
    world.sweep()
    assert len(world.files()) == 2


def test_a_lost_commit_keeps_the_previous_logo_and_leaves_an_orphan(world: World) -> None:
    event = world.event()
    before = set_logo(world, event)
    lose_commits(world.db, "matcher.logos")
    with pytest.raises(DatabaseUnavailable):
        set_logo(world, event, "another")
    assert world.logos.open_logo(world.organiser, event)[0] == before
    [orphan] = world.files() - {before.key}
    for key in world.files():
        age(world.folder / key)
    assert Sweeper(world.job_store, world.blobs).delete_orphans() == 1
    assert world.files() == {before.key}, f"{orphan} alone is an orphan"


def age(path: Path) -> None:
    """Makes a file old enough to count as an orphan."""
    written = time.time() - 2 * ORPHAN_AGE.total_seconds()
    os.utime(path, (written, written))


def test_the_check_accepts_the_logo_file_and_reports_a_missing_one(world: World) -> None:
    logo = set_logo(world, world.event())
    age(world.folder / logo.key)
    assert check(world) == []
    (world.folder / logo.key).unlink()
    assert [found.partition(":")[0] for found in check(world)] == ["logo_missing"]


def test_a_role_that_arrives_late_takes_effect(world: World) -> None:
    event, phil = world.event(), uuid4()
    world.late.append(world.next_change(ChangeKind.JOINED, event_id=event, user_id=phil, role=Role.ORGANISER))
    assert world.logos.set_logo(phil, event, JPEG + JPEG_END + b"|x")


def test_the_real_process_reads_a_logo_and_rejects_an_invalid_one() -> None:
    out = io.BytesIO()
    Image.new("RGB", (960, 320), "teal").save(out, "PNG")
    process = LogoProcess()
    read = process.call(out.getvalue())
    assert read is not None
    assert (read.reason, read.width, read.height) == (None, 480, 160)
    damaged = process.call(out.getvalue()[:50])
    assert damaged is not None
    assert damaged.reason == "unreadable"


def build_deadly() -> Callable[[bytes], LogoReading]:
    return lambda _: os._exit(1)


def test_a_logo_that_kills_the_process_is_rejected() -> None:
    assert LogoProcess(build_deadly).call(b"") is None


def test_a_database_of_the_previous_version_has_no_logos(make_db: Callable[[str], Engine], tmp_path: Path) -> None:
    db, event = make_db("matcher"), uuid4()
    downgrade(db, "matcher", "0007")
    with db.begin() as connection:
        connection.execute(text("INSERT INTO matcher.events (id, closed) VALUES (:event, false)"), {"event": event})
    upgrade(db, "matcher")
    world = World(db, tmp_path)
    world.join(event, world.organiser, Role.ORGANISER)
    assert world.logos.find_version(event) == ""
    assert set_logo(world, event).version
