"""An accepted photo is durable: its file is written before its row and deleted only after its row."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from kit.errors import DatabaseUnavailable, Fault
from kit.storage import sweeper
from kit.storage.blobs import Blobs, BlobsUnavailable
from kit.storage.sweeper import Sweeper
from matcher_service.domain import AddedPhoto, ChangeKind, EventClosed, EventNotFound, NewPhoto, PhotoState, Quota
from matcher_service.service import Photos
from matcher_service.spool import Spool
from matcher_service.store import JobStore, PhotoStore
from matcher_service.store.events import queue_blob_deletions
from tests.harness.databases import lose_commits
from tests.matcher.scripted_photos import photo_of
from tests.matcher.world import LEASE_S, MAX_PHOTO_BYTES, MakeWorld, World


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "EMPTY_IMAGE"),
        (b"GIF89a" + bytes(100), "UNSUPPORTED_TYPE"),
        (b"%PDF-1.7" + bytes(100), "UNSUPPORTED_TYPE"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "UNSUPPORTED_TYPE"),
        (photo_of([1]) + bytes(MAX_PHOTO_BYTES), "TOO_LARGE"),
    ],
)
def test_a_file_that_is_not_a_photo_is_rejected_and_not_stored(world: World, data: bytes, reason: str) -> None:
    event = world.event()
    added = world.add_file(event, data, "x.jpg")
    assert (added.photo_id, added.state, added.reason) == (None, PhotoState.REFUSED, reason)
    assert world.count("photos") == 0
    assert not world.files()


@pytest.mark.parametrize(
    "filename", ["../../etc/passwd", "C:\\x", "a" * 4000, "nul\0", "\u202egpj.exe", "x\r\nSet-Cookie: a", "🎉.jpg"]
)
def test_the_file_name_is_never_used_as_a_storage_key(world: World, filename: str) -> None:
    event = world.event()
    added = world.add_file(event, photo_of([1], filename[:20]), filename)
    assert len(added.filename) <= 200
    assert added.filename.isprintable()
    world.index_all()
    assert all(re.fullmatch("photos/[0-9a-f]{2}/[0-9a-f]{32}", key) for key in world.files())


class Unreachable(Blobs):
    """An unreachable file store."""

    def put_file(self, key: str, file: Path | IO[bytes]) -> None:
        raise BlobsUnavailable


class RowBeforeFile(Photos):
    """A broken twin: writes the row before the file."""

    def add_photo(self, user_id: UUID, event_id: UUID, filename: str, upload: Spool, **_: Any) -> AddedPhoto:
        key = self._blobs.new_key()
        photo = NewPhoto(uuid4(), event_id, user_id, filename, "", key, upload.sha256, upload.size_bytes)
        added = self._store.add(photo, self._quota)
        self._blobs.put_file(key, upload.open())
        return added


def upload_while_the_file_store_is_away(world: World) -> int:
    """Uploads while the file store is unavailable; the number of photos afterwards."""
    event = world.event()
    with pytest.raises(BlobsUnavailable):
        world.upload(event, [1])
    return world.count("photos")


def test_no_photo_is_accepted_while_the_file_store_is_unavailable(make_world: MakeWorld) -> None:
    assert upload_while_the_file_store_is_away(make_world(blobs=Unreachable)) == 0


def test_control_if_the_row_is_written_first_it_exists_without_its_file(make_world: MakeWorld) -> None:
    assert upload_while_the_file_store_is_away(make_world(blobs=Unreachable, photos=RowBeforeFile)) == 1


class HastyPhotos(PhotoStore):
    """A broken twin: answers before it knows whether the commit succeeded."""

    def add(self, photo: NewPhoto, quota: Quota) -> AddedPhoto:
        with suppress(DatabaseUnavailable):
            return super().add(photo, quota)
        return AddedPhoto(photo.id, photo.filename, PhotoState.PENDING)


def is_accepted_and_lost(world: World) -> bool:
    """Whether a photo is accepted although the database is lost at the commit."""
    event = world.event()
    lose_commits(world.db, "matcher.photos")
    accepted = False
    with suppress(DatabaseUnavailable):
        accepted = world.upload(event, [1]).state is PhotoState.PENDING
    assert world.count("photos") == 0
    return accepted


def test_no_photo_is_accepted_before_its_commit(world: World) -> None:
    assert not is_accepted_and_lost(world)


def test_control_if_accepted_before_its_commit_a_photo_is_lost(make_world: MakeWorld) -> None:
    assert is_accepted_and_lost(make_world(photo_store=HastyPhotos))


class QueueBeforeDelete(PhotoStore):
    """A broken twin: queues the deletion of the files in a separate transaction."""

    def delete(self, event_id: UUID, photo_ids: Sequence[UUID]) -> None:
        with self._engine.begin() as connection:
            queue_blob_deletions(connection, event_id, photo_ids)
        super().delete(event_id, photo_ids)


REFUSE_DELETION = """
CREATE FUNCTION matcher.refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''refused''; END';
CREATE TRIGGER refuse BEFORE DELETE ON matcher.photos FOR EACH ROW EXECUTE FUNCTION matcher.refuse();
"""


def files_of_a_photo_whose_deletion_fails(world: World) -> int:
    photo = world.add(world.event(), 1)
    with world.db.begin() as connection:
        connection.execute(text(REFUSE_DELETION))
    with pytest.raises(DBAPIError):
        world.photos.delete_photo(world.organiser, photo)
    world.sweep()
    assert world.count("photos") == 1
    return len(world.files())


def test_a_failed_deletion_removes_no_file(world: World) -> None:
    assert files_of_a_photo_whose_deletion_fails(world) == 5


def test_control_if_queued_in_a_separate_transaction_files_are_lost_without_the_photo(make_world: MakeWorld) -> None:
    assert files_of_a_photo_whose_deletion_fails(make_world(photo_store=QueueBeforeDelete)) == 0


def test_a_photo_deleted_while_it_is_read_is_not_published_and_its_files_go(world: World) -> None:
    event = world.event()
    added = world.upload(event, [1])
    job = world.job_store.claim(LEASE_S)
    assert job is not None
    assert added.photo_id is not None
    world.photos.delete_photo(world.organiser, added.photo_id)
    assert world.indexer.read_photo(job) == "outdated"
    assert world.count("faces") == 0
    world.sweep()
    assert not world.files()


class Meanwhile(Blobs):
    """Runs a callback while a file is written."""

    happens: Callable[[], object]

    def put_file(self, key: str, file: Path | IO[bytes]) -> None:
        super().put_file(key, file)
        self.happens()


@pytest.mark.parametrize(
    ("shut", "fault"),
    [
        (lambda world, event: world.change(ChangeKind.EVENT_UPDATED, event_id=event, closed=True), EventClosed),
        (lambda world, event: world.change(ChangeKind.EVENT_DELETED, event_id=event), EventNotFound),
        (lambda world, event: world.leave(event, world.organiser), EventNotFound),
    ],
    ids=["closed", "deleted", "left"],
)
def test_an_upload_leaves_no_file_if_its_event_closes_meanwhile(
    make_world: MakeWorld, shut: Callable[[World, UUID], object], fault: type[Fault]
) -> None:
    world = make_world(blobs=Meanwhile)
    event = world.event()
    assert isinstance(world.blobs, Meanwhile)
    world.blobs.happens = lambda: shut(world, event)
    with pytest.raises(fault):
        world.upload(event, [1])
    assert (world.count("photos"), world.files()) == (0, set())


OLD, FRESH = "photos/aa/" + "a" * 32, "photos/bb/" + "b" * 32


class TwoDaysLater(Blobs):
    """Reports every file except one as two days old."""

    def list(self) -> Iterator[tuple[str, datetime]]:
        for key, written_at in super().list():
            yield key, written_at if key == FRESH else written_at - timedelta(days=2)


class NoRowIsKnown(JobStore):
    """A broken twin: treats every old file as an orphan."""

    def find_orphans(self, keys: Sequence[str]) -> set[str]:
        return set(keys)


def run_sweeper(world: World) -> set[str]:
    """The files deleted of an orphan, a file whose row is about to be written, and the five files of a photo."""
    world.add(world.event(), 1)
    for key in (OLD, FRESH):
        world.blobs.put(key, b"no row")
    before = world.files()
    Sweeper(world.job_store, world.blobs).delete_orphans()
    return before - world.files()


def test_the_sweeper_deletes_only_old_files_without_a_row(make_world: MakeWorld) -> None:
    assert run_sweeper(make_world(blobs=TwoDaysLater)) == {OLD}


def test_control_a_sweeper_that_ignores_rows_deletes_photos(make_world: MakeWorld) -> None:
    assert len(run_sweeper(make_world(blobs=TwoDaysLater, job_store=NoRowIsKnown))) == 6


def test_control_a_sweeper_that_does_not_wait_deletes_new_uploads(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeper, "ORPHAN_AGE", timedelta())
    assert run_sweeper(make_world(blobs=TwoDaysLater)) == {OLD, FRESH}
