"""The rules of matcher_service below its RPCs: revision order, job claims, atomic match sets."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from threading import Condition, Thread
from threading import Event as Signal
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from kit.db.pages import Page
from kit.sandbox.process import SandboxDied, SandboxTimedOut
from kit.storage.blobs import BlobsUnavailable
from matcher_service.domain import (
    Change,
    ChangeKind,
    EventClosed,
    EventNotFound,
    OrganiserOnly,
    PhotoState,
    Rematch,
    Role,
)
from matcher_service.faces import FoundFace
from matcher_service.reading import Reading
from matcher_service.store import MatchStore
from matcher_service.store.matches import FindNewer
from tests.matcher.scripted_photos import photo_of, read_script
from tests.matcher.world import LEASE_S, MakeWorld, World


def test_a_photo_that_arrives_after_the_selfie_is_found(world: World) -> None:
    event = world.event()
    guest = world.join(event)
    assert world.rematch(event, guest, 1, 5) == "DONE"
    photo = world.add(event, 5, 6)
    world.add(event, 6)
    assert world.found(guest) == {photo}


def test_a_rematch_replaces_only_the_matches_of_its_event(world: World) -> None:
    here, there = world.event(), world.event()
    guest = world.join(here)
    world.join(there, guest)
    mine, other = world.add(here, 1), world.add(there, 1)
    new = world.add(here, 2)
    for event in (here, there):
        world.rematch(event, guest, 1, 1)
    assert world.found(guest) == {mine, other}
    world.rematch(here, guest, 2, 2)
    assert world.found(guest) == {new, other}


def test_an_older_revision_is_ignored_and_an_equal_one_is_repeated(world: World) -> None:
    event = world.event()
    guest = world.join(event)
    old, new = world.add(event, 1), world.add(event, 2)
    assert world.rematch(event, guest, 2, 2) == "DONE"
    assert world.rematch(event, guest, 1, 1) == "SUPERSEDED"
    assert world.found(guest) == {new}
    assert world.rematch(event, guest, 2, 2) == "DONE"
    assert old not in world.found(guest)


def test_a_late_rematch_does_not_restore_a_forgotten_face(world: World) -> None:
    event = world.event()
    guest = world.join(event)
    world.add(event, 1)
    world.rematch(event, guest, 1, 1)
    assert world.rematch(event, guest, 2, None) == "DONE"
    assert world.rematch(event, guest, 1, 1) == "SUPERSEDED"
    world.add(event, 1)
    assert world.found(guest) == set()


def test_the_same_bytes_twice_are_one_photo(world: World) -> None:
    event = world.event()
    first = world.upload(event, [1], "same")
    again = world.upload(event, [1], "same")
    world.index_all()
    later = world.upload(event, [1], "same")
    assert first.photo_id == again.photo_id == later.photo_id
    assert (again.state, later.state) == (PhotoState.PENDING, PhotoState.INDEXED)
    assert world.count("photos") == 1


def test_a_closed_event_accepts_no_photos_and_strangers_cannot_upload(world: World) -> None:
    event = world.event()
    guest = world.join(event)
    with pytest.raises(OrganiserOnly):
        world.photos.require_upload(guest, event)
    with pytest.raises(EventNotFound):
        world.photos.require_upload(uuid4(), event)
    for fields in ({"closed": True}, {"expires_at": datetime.now(UTC) - timedelta(seconds=1)}):
        world.change(ChangeKind.EVENT_UPDATED, event_id=event, **fields)
        with pytest.raises(EventClosed):
            world.photos.require_upload(world.organiser, event)
        with pytest.raises(EventClosed):
            world.upload(event, [1])
    world.change(ChangeKind.EVENT_UPDATED, event_id=event, closed=False)
    assert world.upload(event, [1]).state is PhotoState.PENDING


def test_a_membership_miss_reads_the_feed_before_denying_access(world: World) -> None:
    event = world.event()
    late = uuid4()
    world.late.append(world.next_change(ChangeKind.JOINED, event_id=event, user_id=late, role=Role.GUEST))
    assert world.rematch(event, late, 1, 1) == "DONE"


def test_a_change_is_applied_once_and_in_order(world: World) -> None:
    event = world.event()
    change = world.change(ChangeKind.JOINED, event_id=event, user_id=uuid4(), role=Role.GUEST)
    world.change(ChangeKind.LEFT, event_id=event, user_id=change.user_id)
    world.member_store.apply(change)
    assert change.user_id is not None
    assert world.member_store.find_role(event, change.user_id) is None
    leap = world.next_change(ChangeKind.JOINED, event_id=event, user_id=uuid4(), role=Role.GUEST)
    with pytest.raises(RuntimeError, match="skips"):
        world.member_store.apply(type(leap)(leap.sequence + 1, leap.kind, leap.event_id, leap.user_id, leap.role))


def test_changes_of_one_transaction_are_applied_once_and_atomically(world: World) -> None:
    event, cursor = world.event(), world.member_store.cursor()
    guests = [uuid4() for _ in range(4)]
    joins = [
        Change(cursor + place, ChangeKind.JOINED, event, guest, Role.GUEST)
        for place, guest in enumerate(guests, start=1)
    ]
    with pytest.raises(RuntimeError, match="skips"):
        world.member_store.apply(*joins[:2], joins[3])
    assert (world.member_store.cursor(), world.count("memberships")) == (cursor, 1)
    for run in (joins[:3], joins[1:]):
        world.member_store.apply(*run)
    assert (world.member_store.cursor(), world.count("memberships")) == (cursor + 4, 5)


def test_an_expired_claim_can_be_taken_over_and_the_first_reader_is_fenced(world: World) -> None:
    event = world.event()
    world.upload(event, [1])
    first = world.job_store.claim(lease_s=LEASE_S)
    assert first is not None
    assert world.job_store.claim(lease_s=LEASE_S) is None
    with world.db.begin() as connection:
        connection.execute(text("UPDATE matcher.photos SET lease_until = now() - interval '1 s'"))
    second = world.job_store.claim(lease_s=LEASE_S)
    assert second is not None
    assert second.attempt == first.attempt + 1
    assert world.indexer.read_photo(first) == "outdated"
    assert world.count("faces") == 0
    assert world.indexer.read_photo(second) == "indexed"
    assert world.count("faces") == 1


@pytest.mark.parametrize("fault", [SandboxDied, SandboxTimedOut])
def test_a_photo_that_crashes_its_reader_three_times_fails_and_is_kept(world: World, fault: type[Exception]) -> None:
    event = world.event()
    world.upload(event, [1])

    def crash(data: bytes) -> Reading:
        raise fault("crashed")

    indexer = world.make_indexer(crash)
    assert [indexer.step() for _ in range(4)] == [True, True, True, False]
    [photo], _ = world.photo_store.list_photos(event, _first_page())
    assert (photo.state, photo.reason) == (PhotoState.FAILED, "processing_failed")
    assert len(world.files()) == 1


def test_a_reader_stopped_by_a_signal_or_a_lost_database_records_no_failure(world: World) -> None:
    event = world.event()
    world.upload(event, [1])
    stopping = Signal()

    def killed(data: bytes) -> Reading:
        stopping.set()
        raise SandboxDied("killed")

    def broken(data: bytes) -> Reading:
        raise BlobsUnavailable

    for read in (killed, broken, killed, broken):
        stopping.clear()
        indexer = world.make_indexer(read, stopping)
        job = world.job_store.claim(LEASE_S)
        assert job is not None
        if read is killed:
            assert indexer.read_photo(job) == "released"
        else:
            with pytest.raises(BlobsUnavailable):
                indexer.read_photo(job)
    assert world.indexer.step()
    assert world.photos.count(world.organiser, [event])[0].indexed == 1


def test_a_stop_releases_the_claim_immediately_and_the_late_result_is_fenced(world: World) -> None:
    event = world.event()
    world.upload(event, [1])

    def read(data: bytes) -> Reading:
        indexer.release()
        assert world.indexer.step()
        return read_script(data)

    indexer = world.make_indexer(read)
    assert indexer.step()
    assert world.count("faces") == 1


def test_a_photo_that_cannot_be_read_has_a_reason(world: World) -> None:
    event = world.event()
    world.add_file(event, photo_of([]) + b"unreadable", "broken.jpg")
    world.index_all()
    [photo], _ = world.photo_store.list_photos(event, _first_page())
    assert (photo.state, photo.reason) == (PhotoState.FAILED, "unreadable")


class DeleteThenInsert(MatchStore):
    """A broken twin: commits the deletion of the old set first, and continues after a reader has looked."""

    def looked(self) -> None:
        """Replaced when a reader has looked."""

    def publish(
        self, rematch: Rematch, found: Sequence[FoundFace], seen_version: int, find_newer: FindNewer
    ) -> int | None:
        with self._engine.begin() as connection:
            query = text("DELETE FROM matcher.matches WHERE person_id = :user")
            connection.execute(query, {"user": rematch.user_id})
        self.looked()
        return super().publish(rematch, found, seen_version, find_newer)


def read_while_selfies_take_turns(world: World) -> tuple[list[set[UUID]], list[set[UUID]]]:
    """The match sets that a reader saw, and the two valid sets."""
    event = world.event()
    guest = world.join(event)
    sets = [{world.add(event, who) for _ in range(4)} for who in (1, 2)]
    seen: list[set[UUID]] = []
    stop, looked = Signal(), Condition()

    def read() -> None:
        while not stop.is_set():
            matches, _ = world.match_store.list_matches(guest, event, _first_page())
            with looked:
                seen.append({match.photo_id for match in matches})
                looked.notify_all()

    def wait_for_a_look() -> None:
        with looked:
            count = len(seen)
            looked.wait_for(lambda: len(seen) >= count + 2, timeout=30)

    world.rematch(event, guest, 1, 1)
    world.match_store.__dict__["looked"] = wait_for_a_look
    reader = Thread(target=read)
    reader.start()
    for revision in range(2, 30):
        world.rematch(event, guest, revision, 1 + revision % 2)
    wait_for_a_look()
    stop.set()
    reader.join()
    return seen, sets


def test_a_reader_never_sees_a_partial_match_set(world: World) -> None:
    seen, sets = read_while_selfies_take_turns(world)
    assert seen
    assert all(photos in sets for photos in seen)


def test_control_a_deletion_in_a_separate_commit_exposes_a_partial_set(make_world: MakeWorld) -> None:
    seen, sets = read_while_selfies_take_turns(make_world(match_store=DeleteThenInsert))
    assert not all(photos in sets for photos in seen)


def _first_page() -> Page:
    return Page("test", 50, None)
