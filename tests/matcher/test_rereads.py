"""Photos read by an older engine are reread, and the results of an event take effect together."""

from collections.abc import Callable
from pathlib import Path
from threading import Event
from uuid import UUID

import pytest
from sqlalchemy import Engine, text

from kit import failpoints
from kit.errors import Unavailable
from kit.sandbox.process import SandboxDied
from matcher_service.domain import ENGINE_VERSION, MAX_FAILURES
from matcher_service.domain.rereads import RereadPhoto, Swap
from matcher_service.reading import Reading
from matcher_service.rereader import in_order
from matcher_service.store import events, rereads, swaps
from tests.matcher.looks import LooksWorld, read_looks, show
from tests.matcher.rereads import FAR, LEASE_S, NEAR, Old


@pytest.fixture
def world(make_db: Callable[[str], Engine], tmp_path: Path) -> LooksWorld:
    return LooksWorld(make_db("matcher"), tmp_path / "blobs")


@pytest.fixture
def old(world: LooksWorld) -> Old:
    return Old(world)


def test_old_matches_stay_until_the_last_photo_is_reread_and_all_are_swapped_together(old: Old) -> None:
    for _ in old.photos:
        assert old.world.rereader.step()
        assert old.found() == old.before
    assert old.world.rereader.step()
    assert old.found() == old.after == set(old.world.seen(old.event, old.guest))
    assert not old.world.rereader.step()
    assert [old.value("engine_version", photo) for photo in old.photos] == [ENGINE_VERSION] * 3
    assert [old.value("face_count", photo) for photo in old.photos] == [1, 2, 1]
    for table in ("rereads", "reread_photos", "reread_faces"):
        assert old.world.count(table) == 0
    old.world.settle_all()
    assert old.found() == old.after


def enrol_after_the_swap(old: Old) -> tuple[set[UUID], int]:
    """A guest's photos after a comparison with an index of old faces, and the faces in that index afterwards."""
    assert len(old.world.index.use(old.event) or ()) == 6
    old.read_all()
    other = old.world.join(old.event)
    old.world.send_selfie(old.event, other, 1, 0)
    return old.world.found(other), old.world.index.face_count()


def test_later_selfies_are_compared_with_the_new_faces_and_the_index_drops_the_old_ones(old: Old) -> None:
    assert enrol_after_the_swap(old) == (old.after, 4)


def test_control_an_index_that_keeps_the_old_faces_finds_old_matches(old: Old, monkeypatch: pytest.MonkeyPatch) -> None:
    raise_version = events.raise_version
    monkeypatch.setattr(swaps, "raise_version", lambda connection, event, deleted: raise_version(connection, event))
    assert enrol_after_the_swap(old) == (old.before | old.after, 10)


def test_counters_reflect_the_new_faces(old: Old) -> None:
    old.read_all()
    with old.world.db.begin() as connection:
        count = connection.execute(text("SELECT face_count FROM matcher.events")).scalar_one()
    assert count == old.world.count("faces") == 4


def test_new_photos_are_read_first(old: Old) -> None:
    step = in_order(old.world.indexer.step, old.world.rereader.step)
    assert step()
    added = old.world.add_file(old.event, show([FAR]))
    assert step()
    assert old.value("state", added.photo_id) == "indexed"
    assert old.world.reread_store.read_queue()[0] == 2


def test_events_take_turns(world: LooksWorld) -> None:
    both = {Old(world).event, Old(world).event}
    claims = [world.reread_store.claim(LEASE_S) for _ in range(4)]
    assert [job and job.event_id for job in claims[:2]] == [job and job.event_id for job in claims[2:]]
    assert {job and job.event_id for job in claims} == both


def test_a_photo_with_a_missing_file_keeps_its_faces_and_is_not_retried(old: Old) -> None:
    old.world.blobs.delete(old.value("upload_key", old.photos[0]))
    old.read_all()
    assert old.found() == {old.photos[0], *old.after}
    assert [old.value("engine_version", photo) for photo in old.photos] == [1, ENGINE_VERSION, ENGINE_VERSION]
    assert old.world.reread_store.plan() == 0


def test_a_damaged_photo_keeps_its_faces(old: Old) -> None:
    old.world.rereader = old.world.make_rereader(lambda data: Reading(reason="unreadable"))
    old.read_all()
    assert old.found() == old.before
    assert old.world.reread_store.plan() == 0


def test_a_photo_that_kills_the_reader_three_times_keeps_its_faces(old: Old) -> None:
    tries: list[bytes] = []

    def die(data: bytes) -> Reading:
        tries.append(data)
        raise SandboxDied

    old.world.rereader = old.world.make_rereader(die)
    old.read_all()
    assert len(tries) == MAX_FAILURES * len(old.photos)
    assert old.found() == old.before


def test_a_stopping_process_releases_its_claim(old: Old) -> None:
    stop = Event()

    def die(data: bytes) -> Reading:
        stop.set()
        raise SandboxDied

    old.world.rereader = old.world.make_rereader(die, stop=stop)
    old.world.rereader.step()
    job = old.world.reread_store.claim(LEASE_S)
    assert isinstance(job, RereadPhoto)
    assert job.attempt == 2
    with old.world.db.begin() as connection:
        assert connection.execute(text("SELECT failures FROM matcher.reread_photos")).scalar_one() == 0


def test_reread_faces_are_deleted_with_their_photo(old: Old) -> None:
    job = old.world.reread_store.claim(LEASE_S)
    assert isinstance(job, RereadPhoto)
    old.world.photos.delete_photo(old.world.organiser, job.photo_id)
    assert old.world.rereader.read_again(job) == "outdated"
    assert not old.world.reread_store.stage(job, (), 0)
    old.read_all()
    assert old.world.count("photos") == 2


def test_a_rejected_photo_stays_hidden_although_its_faces_are_renumbered(old: Old) -> None:
    photo = old.photos[0]
    old.world.matches.refuse_match(old.guest, photo)
    old.world.rereader = old.world.make_rereader(lambda data: read_looks(show([NEAR, NEAR, FAR])))
    old.read_all()
    assert old.found() == set(old.photos[1:])
    old.world.matches.restore_match(old.guest, photo)
    assert old.found() == set(old.photos)


def test_a_rejection_during_the_swap_restarts_it(old: Old) -> None:
    while not isinstance(job := old.world.reread_store.claim(-1), Swap):
        assert job
        old.world.rereader.work(job)
    swap = old.world.swap_store.read(job, max_faces=1000)
    assert swap
    old.world.matches.refuse_match(old.guest, old.photos[0])
    assert not old.world.rereader.publish(job, swap)
    assert old.found() == {old.photos[2]}
    old.read_all()
    assert old.found() == old.after


@pytest.mark.parametrize("step", ["reread-claim", "reread-stage", "reread-swap"])
@pytest.mark.parametrize("moment", ["before-commit", "after-commit"])
def test_a_crash_at_any_step_loses_nothing(old: Old, step: str, moment: str) -> None:
    old.world.rereader._lease_s = -1  # so that no test waits for the lease of the dead process
    failpoints.arm(f"{step}:{moment}=fail:0.5")
    deaths = 0
    try:
        while old.world.count("rereads"):
            try:
                old.world.rereader.step()
            except Unavailable:
                deaths += 1
            assert old.found() in (old.before, old.after)
    finally:
        failpoints.arm("")
    assert old.found() == old.after


def test_a_very_large_event_is_swapped_in_batches_and_no_gallery_is_empty_meanwhile(
    old: Old, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(swaps, "SWAP_FACES", 3)
    old.world.rereader = old.world.make_rereader(lambda data: read_looks(show([FAR, NEAR])))
    seen = []
    while old.world.rereader.step():
        seen.append(len(old.found()))
    assert len(seen) == 2 * len(old.photos), "each photo is reread and swapped separately"
    assert set(seen) == {2, 3}
    assert old.found() == set(old.photos)
    assert old.world.count("rereads") == 0


def test_an_event_too_large_for_all_rules_gets_direct_matches_of_the_new_faces(old: Old) -> None:
    old.world.rereader = old.world.make_rereader(old.world.rereader._read, max_faces=1)
    old.read_all()
    assert old.found() == old.after


def test_a_newer_engine_starts_over_and_late_results_of_the_older_one_are_rejected(
    old: Old, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = old.world.reread_store.claim(-1)
    assert isinstance(late, RereadPhoto)
    for store in (rereads, swaps):
        monkeypatch.setattr(store, "ENGINE_VERSION", ENGINE_VERSION + 1)
    again = old.world.reread_store.claim(-1)
    assert isinstance(again, RereadPhoto)
    assert (again.photo_id, again.attempt) == (late.photo_id, late.attempt)
    monkeypatch.setattr(rereads, "ENGINE_VERSION", ENGINE_VERSION)
    assert not old.world.reread_store.stage(late, (), 0)
    assert old.world.reread_store.claim(-1) is None, "the older engine leaves the event to the newer one"
    monkeypatch.setattr(rereads, "ENGINE_VERSION", ENGINE_VERSION + 1)
    old.read_all()
    assert old.found() == old.after
    assert old.value("engine_version", old.photos[0]) == ENGINE_VERSION + 1
