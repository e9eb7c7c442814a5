"""Selfie files: written before their row, deleted with it, and otherwise neither lost nor left behind."""

from collections.abc import Callable
from uuid import UUID

import grpc
import pytest

from kit.errors import DatabaseUnavailable
from kit.storage.blobs import BlobOptions, Blobs
from kit.storage.client import BlobsUnavailable
from selfie_service.domain import MAX_FAILURES, ChangeKind, NewSelfie
from selfie_service.store import SelfieStore, changes, erasing
from tests.harness.calls import raises_fault
from tests.harness.s3 import S3Server
from tests.selfie.world import MakeWorld, World, image_of, invalid, valid


class Unavailable(Blobs):
    """A file store that rejects writes, and also reads once it is `silent`."""

    silent = False

    def put(self, key: str, data: bytes) -> None:
        raise BlobsUnavailable

    def get(self, key: str) -> bytes:
        if self.silent:
            raise BlobsUnavailable
        return super().get(key)


class RowBeforeFile(Blobs):
    """A broken twin: acknowledges a write before the file exists."""

    def put(self, key: str, data: bytes) -> None:
        pass


def test_no_selfie_is_accepted_while_the_file_store_is_unavailable(make_world: MakeWorld) -> None:
    world = make_world(blobs=Unavailable)
    with raises_fault(grpc.StatusCode.UNAVAILABLE, "BLOBS_UNAVAILABLE"):
        world.upload(world.guest(world.event()))
    assert world.count("selfies") == 0


def test_control_a_row_without_a_file_is_put_aside_and_never_decided(make_world: MakeWorld) -> None:
    world = make_world(blobs=RowBeforeFile)
    selfie_id = world.upload(world.guest(world.event()))
    for _ in range(MAX_FAILURES):
        assert world.validate(valid())
    assert world.selfie(selfie_id).state == "error"


def test_an_unreadable_file_store_does_not_count_as_a_failure_of_the_selfie(world: World, guest: UUID) -> None:
    selfie_id = world.upload(guest)
    world.blobs.__class__ = Unavailable
    world.blobs.silent = True  # type: ignore[attr-defined]
    for _ in range(MAX_FAILURES + 1):
        with pytest.raises(BlobsUnavailable):
            world.validate(valid())
    with raises_fault(grpc.StatusCode.UNAVAILABLE, "BLOBS_UNAVAILABLE"):
        world.get(guest)
    world.blobs.__class__ = Blobs
    assert world.selfie(selfie_id).failures == 0
    assert world.validate(valid())
    assert world.get(guest).image == image_of("selfie")


def test_rejected_and_repeated_uploads_leave_no_file(world: World) -> None:
    guest = world.guest(world.event(closed=True))
    with raises_fault(grpc.StatusCode.FAILED_PRECONDITION, "EVENT_CLOSED"):
        world.upload(guest)
    assert not world.files()
    guest, request_id = world.guest(world.event()), "0e984725-c51c-4bf4-9960-e1c80e27aba0"
    assert world.upload(guest, request_id=request_id) == world.upload(guest, request_id=request_id)
    with raises_fault(grpc.StatusCode.INVALID_ARGUMENT, "IDEMPOTENCY_KEY_REUSED"):
        world.upload(guest, "another", request_id=request_id)
    assert len(world.files()) == 1


def supersede(world: World, guest: UUID) -> None:
    world.upload(guest)
    world.upload(guest)
    world.delete(guest)


def replace(world: World, guest: UUID) -> None:
    world.enter(guest)
    world.enter(guest)
    world.delete(guest)


def reject(world: World, guest: UUID) -> None:
    world.upload(guest)
    world.validate(invalid("no_face"))


def erase(world: World, guest: UUID) -> None:
    world.enter(guest)
    world.upload(guest)
    world.publish(ChangeKind.USER_ERASED, user_id=guest)
    world.follower.catch_up()


ENDS = [supersede, replace, reject, erase]


@pytest.mark.parametrize("end", ENDS)
def test_the_file_of_a_selfie_is_deleted_with_its_bytes(
    world: World, guest: UUID, end: Callable[[World, UUID], None]
) -> None:
    end(world, guest)
    world.sweep()
    assert not world.files()
    assert world.count("blob_deletions") == 0


@pytest.mark.parametrize("end", [replace, reject, erase])
def test_control_a_deletion_that_queues_no_file_leaves_it_behind(
    world: World, guest: UUID, end: Callable[[World, UUID], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (changes, erasing):
        monkeypatch.setattr(module, "queue_blob_deletions", lambda *_: None)
    end(world, guest)
    world.sweep()
    assert world.files()


def test_only_files_without_a_selfie_are_orphans(world: World, guest: UUID) -> None:
    world.enter(guest)
    [key] = world.files()
    orphan = world.blobs.new_key()
    assert world.selfies.find_orphans([key, orphan]) == {orphan}


class DeletedMeanwhile(SelfieStore):
    """The guest deletes the selfie while its bytes are moved into a file."""

    guest: UUID

    def move_image(self, selfie_id: UUID, key: str) -> bool:
        self.delete_selfies(self.guest)
        return super().move_image(selfie_id, key)


def test_bytes_deleted_while_they_are_moved_leave_no_file(make_world: MakeWorld) -> None:
    world = make_world(selfie_store=DeletedMeanwhile)
    DeletedMeanwhile.guest = guest = world.guest(world.event())
    world.enter(guest)
    world.execute("UPDATE selfie.selfies SET image = 'as of 0001', image_key = NULL")
    for key in world.files():
        world.blobs.delete(key)
    assert world.validate(valid())
    assert not world.validate(valid())
    world.sweep()
    assert not world.files()
    with raises_fault(grpc.StatusCode.NOT_FOUND, "NO_ACTIVE_SELFIE"):
        world.get(guest)


class LostAtTheCommit(SelfieStore):
    """The database connection breaks after the commit and before the answer."""

    def add_selfie(self, selfie: NewSelfie) -> UUID:
        super().add_selfie(selfie)
        raise DatabaseUnavailable


def test_the_file_is_kept_if_the_outcome_of_the_commit_is_unknown(make_world: MakeWorld) -> None:
    world = make_world(selfie_store=LostAtTheCommit)
    guest = world.guest(world.event())
    with raises_fault(grpc.StatusCode.UNAVAILABLE, "DATABASE_UNAVAILABLE"):
        world.upload(guest)
    assert world.get(guest).image == image_of("selfie")


class OnS3(Blobs):
    """A file store in a bucket, which ignores the requested folder."""

    def __init__(self, _: str, prefix: str) -> None:
        super().__init__("s3://photos", prefix, BlobOptions(allow_http=True))


@pytest.mark.timeout(900)  # the first test may build the server
def test_selfie_files_can_be_stored_in_a_bucket(
    s3: S3Server, make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in s3.settings.items():
        monkeypatch.setenv(name, value)
    world = make_world(blobs=OnS3)
    guest = world.guest(world.event())
    world.enter(guest)
    world.upload(guest, "newer")
    assert len(list(world.blobs.list())) == 2
    world.delete(guest)
    world.sweep()
    assert not list(world.blobs.list())
