"""New versions of photos that cannot be read, arrive late, or belong to a deleted photo."""

from uuid import UUID

import pytest
from sqlalchemy import Connection, text

from kit.sandbox.process import SandboxDied
from matcher_service.domain import ChangeKind, Job, PhotoNotFailed, PhotoState, Replacement
from matcher_service.reading import Reading
from matcher_service.store import JobStore
from matcher_service.store import photos as photo_store
from tests.matcher.party import check
from tests.matcher.scripted_photos import photo_of
from tests.matcher.test_replacements import add, expect_order, photos, replace, send
from tests.matcher.world import LEASE_S, MakeWorld, World


def replace_by_no_picture(world: World, event: UUID, name: str) -> None:
    world.add_file(event, photo_of([], "broken")[:-1] + b"|unreadable", name, replaces=True)
    world.index_all()


def test_a_new_version_that_cannot_be_read_is_reported_and_leaves_the_photo_unchanged(world: World) -> None:
    event = world.event()
    guest = world.join(event)
    world.rematch(event, guest, 1, 1)
    photo = add(world, event, "a.jpg", 1)
    replace_by_no_picture(world, event, "a.jpg")
    [listed] = photos(world, event)
    assert (listed.state, listed.new_version, listed.new_version_reason) == (
        PhotoState.INDEXED,
        PhotoState.FAILED,
        "unreadable",
    )
    assert world.seen(event, guest) == {photo: True}
    expect_order(world, event, files=6)
    world.photos.retry_photo(world.organiser, photo)
    assert photos(world, event)[0].new_version is PhotoState.PENDING
    world.index_all()
    assert world.photos.retry_failed(world.organiser, event) == 1
    world.index_all()
    assert replace(world, event, "a.jpg", 1, version="1").existing, "sending the current bytes discards the new version"
    assert photos(world, event)[0].new_version is None
    with pytest.raises(PhotoNotFailed):
        world.photos.retry_photo(world.organiser, photo)
    expect_order(world, event, files=5)


def test_bytes_of_a_failed_version_are_retried_when_sent_again(world: World) -> None:
    event = world.event()
    add(world, event, "a.jpg", 1)
    replace(world, event, "a.jpg", 2)

    def crash(data: bytes) -> Reading:
        raise SandboxDied("crashed")

    indexer = world.make_indexer(crash)
    assert [indexer.step() for _ in range(4)] == [True, True, True, False]
    assert photos(world, event)[0].new_version_reason == "processing_failed"
    again = replace(world, event, "a.jpg", 2)
    assert (again.existing, again.state) == (True, PhotoState.PENDING)
    world.index_all()
    assert photos(world, event)[0].new_version is None
    expect_order(world, event, files=5)


class FencedByAttemptAlone(JobStore):
    """A broken twin: attempts at another version count as attempts at this one."""

    def _is_ours(self, connection: Connection, job: Job) -> bool:
        if not job.is_replacement:
            return super()._is_ours(connection, job)
        query = text("SELECT upload_key FROM matcher.replacements WHERE id = :photo AND attempt = :attempt")
        key = connection.execute(query, {"photo": job.photo_id, "attempt": job.attempt}).scalar()
        return key is not None


def publish_the_version_before(world: World) -> int:
    """The number of faces after a reader of a superseded version publishes late."""
    event = world.event()
    add(world, event, "a.jpg")
    replace(world, event, "a.jpg", 1, 2)
    late = world.job_store.claim(LEASE_S)
    replace(world, event, "a.jpg", 1, version="3")
    assert late
    assert world.job_store.claim(LEASE_S)
    world.indexer.read_photo(late)
    return world.count("faces")


def test_a_reader_of_a_superseded_version_is_fenced(world: World) -> None:
    assert publish_the_version_before(world) == 0


def test_control_if_fenced_by_the_attempt_alone_the_faces_come_from_other_bytes(make_world: MakeWorld) -> None:
    assert publish_the_version_before(make_world(job_store=FencedByAttemptAlone)) == 2


def repeat_late(world: World) -> list[UUID | None]:
    """The photos after uploads that began before newer versions were accepted arrive again."""
    event = world.event()
    began_1 = world.photos.require_upload(world.organiser, event)
    photo = add(world, event, "a.jpg", 1)
    began_2 = world.photos.require_upload(world.organiser, event)
    for version in ("2", "3"):
        replace(world, event, "a.jpg", 1, 2, version=version)
    late = [
        replace(world, event, "a.jpg", 1, version="1", began_at=began_1),
        replace(world, event, "a.jpg", 1, 2, version="2", began_at=began_2),
    ]
    world.index_all()
    late.append(send(world, event, "a.jpg", 1, version="1", began_at=began_1))
    world.index_all()
    [listed, *others] = photos(world, event)
    assert [one.photo_id for one in late] == [photo] * 3
    assert (listed.id, listed.face_count, others) == (photo, 2, [])
    expect_order(world, event, files=5)
    again = replace(world, event, "a.jpg", 1, version="1", began_at=world.photos.require_upload(world.organiser, event))
    assert again.replacement is Replacement.REPLACED, "an upload that began later may restore an earlier version"
    return [one.photo_id for one in late]


def test_a_late_upload_restores_no_old_version(world: World) -> None:
    assert len(set(repeat_late(world))) == 1


def test_control_without_a_record_of_past_versions_it_does(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photo_store, "find_late", lambda *_: None)
    with pytest.raises((AssertionError, ValueError)):
        repeat_late(world)


@pytest.mark.parametrize("whole_event", [False, True])
def test_a_new_version_is_deleted_with_its_photo(world: World, whole_event: bool) -> None:
    event = world.event()
    photo = add(world, event, "a.jpg", 1)
    replace(world, event, "a.jpg", 2)
    reading = world.job_store.claim(LEASE_S)
    if whole_event:
        world.change(ChangeKind.EVENT_DELETED, event_id=event)
    else:
        world.photos.delete_photo(world.organiser, photo)
    assert reading
    assert world.indexer.read_photo(reading) in ("outdated", "file_missing")
    expect_order(world, event, files=0)
    assert world.count("replacements") == 0


def test_bytes_added_as_another_photo_are_not_used_as_a_new_version(world: World) -> None:
    """Processes of the previous version, which does not support new versions, add photos this way."""
    event = world.event()
    photo = add(world, event, "a.jpg", 1)
    replace(world, event, "a.jpg", 2)
    other = add_as_previous_version(world, event)
    world.index_all()
    assert {one.id: one.new_version for one in photos(world, event)} == {photo: None, other: None}
    assert world.count("replacements") == 0
    world.sweep()
    assert check(world) == []


def add_as_previous_version(world: World, event: UUID) -> UUID:
    with world.db.begin() as connection:
        row = connection.execute(text("DELETE FROM matcher.replacements RETURNING *")).one()
    other = world.add_file(event, photo_of([2], "a.jpg 2"), "b.jpg").photo_id
    assert other
    with world.db.begin() as connection:
        names = list(row._mapping)
        values = ", ".join(f":{name}" for name in names)
        connection.execute(
            text(f"INSERT INTO matcher.replacements ({', '.join(names)}) VALUES ({values})"), dict(row._mapping)
        )
    return other


def test_the_check_reports_lost_or_damaged_new_versions(world: World) -> None:
    event = world.event()
    for name in ("a.jpg", "b.jpg"):
        add(world, event, name, 1)
    for name in ("a.jpg", "b.jpg"):
        replace(world, event, name, 2)
    with world.db.begin() as connection:
        lost, damaged = connection.execute(
            text("SELECT upload_key FROM matcher.replacements ORDER BY upload_key")
        ).scalars()
    (world.folder / lost).unlink()
    (world.folder / damaged).write_bytes(b"other")
    assert sorted(check(world)) == ["new_version_damaged", "new_version_missing"]
    assert sorted(check(world, repair=True)) == ["new_version_damaged", "new_version_missing+"]
    assert check(world) == ["new_version_damaged"]
    assert sorted(one.new_version_reason for one in photos(world, event)) == ["", "file_missing"]
