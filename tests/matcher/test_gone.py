"""Late work cannot restore members who left or were erased, nor deleted events."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, Row, text

from matcher_service.domain import ChangeKind, IndexedPhoto, Job, PhotoState
from matcher_service.faces import FoundPerson
from matcher_service.reading import Reading
from matcher_service.store import JobStore, matches, members
from tests.matcher.scripted_photos import read_script
from tests.matcher.world import MakeWorld, World, make_rematch


def test_leaving_deletes_the_matches_and_rejects_late_rematches(world: World) -> None:
    event = world.event()
    guest = world.join(event)
    world.add(event, 1)
    world.rematch(event, guest, 1, 1)
    world.leave(event, guest)
    assert world.found(guest) == set()
    assert world.rematch(event, guest, 1, 1) == "FAILED EVENT_NOT_FOUND"
    world.add(event, 1)
    assert world.found(guest) == set()


def test_an_erased_guest_leaves_only_a_tombstone_and_cannot_rejoin(world: World) -> None:
    event = world.event()
    guest = world.join(event)
    world.add(event, 1)
    world.rematch(event, guest, 1, 1)
    world.change(ChangeKind.USER_ERASED, user_id=guest)
    assert (world.count("people"), world.count("matches"), world.count("tombstones")) == (0, 0, 1)
    world.join(event, guest)
    assert world.rematch(event, guest, 1, 1) == "FAILED EVENT_NOT_FOUND"


def test_a_deleted_event_loses_its_rows_and_files_and_stays_deleted(world: World) -> None:
    event = world.event()
    guest = world.join(event)
    world.add(event, 1)
    world.rematch(event, guest, 1, 1)
    pending = world.upload(event, [2])
    assert pending.state is PhotoState.PENDING
    world.change(ChangeKind.EVENT_DELETED, event_id=event)
    world.sweep()
    assert not world.files()
    for table in ("events", "memberships", "people", "photos", "photo_events", "faces", "matches", "blob_deletions"):
        assert world.count(table) == 0, table
    world.change(ChangeKind.EVENT_UPDATED, event_id=event)
    assert world.count("events") == 0


def delete_during_the_comparison(world: World, kind: ChangeKind) -> tuple[str, int]:
    """The outcome of a rematch whose guest or event is deleted while faces are compared, and the rows it leaves."""
    event = world.event()
    guest = world.join(event)
    world.add(event, 1)
    snapshots = world.matches.rematch(make_rematch(event, guest, 1, 1))
    assert [next(snapshots).state.name for _ in range(2)] == ["ACCEPTED", "RUNNING"]
    about: dict[str, Any] = {
        ChangeKind.LEFT: {"event_id": event, "user_id": guest},
        ChangeKind.USER_ERASED: {"user_id": guest},
        ChangeKind.EVENT_DELETED: {"event_id": event},
    }[kind]
    world.change(kind, **about)
    *_, last = snapshots
    return f"{last.state.name} {last.reason}".strip(), _count_left(world)


def _count_left(world: World) -> int:
    """Encodings and matches that remain after the cleanup of deleted events."""
    world.sweep()
    query = text("SELECT count(*) FROM matcher.people WHERE encodings IS NOT NULL")
    with world.db.begin() as connection:
        encodings: int = connection.execute(query).scalar_one()
    return encodings + world.count("matches")


@pytest.mark.parametrize("kind", [ChangeKind.LEFT, ChangeKind.USER_ERASED, ChangeKind.EVENT_DELETED])
def test_a_guest_or_event_deleted_during_a_comparison_is_not_matched(world: World, kind: ChangeKind) -> None:
    assert delete_during_the_comparison(world, kind) == ("FAILED EVENT_NOT_FOUND", 0)


@pytest.mark.parametrize("kind", [ChangeKind.LEFT, ChangeKind.USER_ERASED])
def test_control_without_a_membership_check_under_the_lock_the_guest_is_restored(
    world: World, kind: ChangeKind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matches, "find_member", lambda *_: "anybody")
    assert delete_during_the_comparison(world, kind) == ("DONE", 2)


class GuestsOfTheClaim(JobStore):
    """A broken twin: publishes a photo for the guests that existed when it was claimed."""

    def claim(self, lease_s: float) -> Job | None:
        with self._engine.begin() as connection:
            self.people = list(connection.execute(text("SELECT person_id FROM matcher.people")).scalars())
        return super().claim(lease_s)

    def _insert(
        self,
        connection: Connection,
        job: Job,
        photo: IndexedPhoto,
        version: int,
        found: Sequence[tuple[UUID, FoundPerson]],
    ) -> Row[Any]:
        found = [(person, FoundPerson(0, 0, 0.0)) for person in self.people]
        return super()._insert(connection, job, photo, version, found)


def erase_while_a_photo_is_read(world: World) -> int:
    """Erases a guest while a photo is read; the guest's matches."""
    event = world.event()
    guest = world.join(event)
    world.rematch(event, guest, 1, 1)
    world.upload(event, [1])

    def read(data: bytes) -> Reading:
        world.change(ChangeKind.USER_ERASED, user_id=guest)
        return read_script(data)

    assert world.make_indexer(read).step()
    assert world.count("faces") == 1
    return len(world.found(guest))


def test_a_photo_read_during_an_erasure_does_not_match_the_erased_guest(world: World) -> None:
    assert erase_while_a_photo_is_read(world) == 0


def test_control_with_the_guests_at_the_claim_an_erased_guest_is_matched(make_world: MakeWorld) -> None:
    assert erase_while_a_photo_is_read(make_world(job_store=GuestsOfTheClaim)) == 1


def apply_late_changes(world: World) -> tuple[int, int]:
    """Members and events after late changes about an erased guest and a deleted event."""
    event, deleted, guest = world.event(), world.event(), uuid4()
    world.change(ChangeKind.USER_ERASED, user_id=guest)
    world.change(ChangeKind.EVENT_DELETED, event_id=deleted)
    world.sweep()
    before = world.count("memberships"), world.count("events")
    world.join(event, guest)
    world.change(ChangeKind.EVENT_UPDATED, event_id=deleted)
    return world.count("memberships") - before[0], world.count("events") - before[1]


def test_no_late_change_restores_an_erased_guest_or_a_deleted_event(world: World) -> None:
    assert apply_late_changes(world) == (0, 0)


def test_control_without_the_tombstone_check_both_are_restored(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(members, "is_buried", lambda *_: False)
    assert apply_late_changes(world) == (1, 1)
