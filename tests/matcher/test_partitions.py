"""If the tables are partitioned by event, each statement of matcher_service reads only its event's partition."""

from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Engine, text

from kit.db.pages import Page
from matcher_service.domain import NEWEST_FIRST, ChangeKind, GuestPhotos, Listing, Variant, Visibility
from matcher_service.domain.removals import Removal
from matcher_service.store import PhotoStore
from matcher_service.store.uploads import SELECT_UPLOAD
from tests.matcher.partitions import ACROSS, HANDED_ON, Watch, partition
from tests.matcher.party import check
from tests.matcher.scripted_photos import photo_of
from tests.matcher.world import World

COUNT = 4
TABLES = {
    "cameras",
    "events",
    "faces",
    "guest_uploads",
    "hide_requests",
    "forgotten_faces",
    "logos",
    "matches",
    "memberships",
    "past_versions",
    "people",
    "photos",
    "refusals",
    "replacements",
    "reread_faces",
    "reread_photos",
    "rereads",
    "settlements",
}
# Statements for which guests and organisers wait.
HOT = {
    "faces.read_faces",
    "jobs.JobStore._insert",
    "lists.select_matches",
    "lists.select_photos",
    "matches.MatchStore._replace",
    "forgotten.drop_forgotten",
    "photos.PhotoStore.add",
    "photos.PhotoStore.find_shown",
    "refusals.RefusalStore.refuse",
    "uploads.delete_photos",
}


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    return Watch(monkeypatch)


@pytest.fixture
def world(make_db: Callable[[str], Engine], tmp_path: Path, watch: Watch) -> World:
    db = make_db("matcher")
    assert set(partition(db, COUNT)) == TABLES
    watch.observe(db)
    return World(db, tmp_path / "blobs")


def run_event(world: World) -> UUID:
    """Runs an event as guests and organisers use it, except its end."""
    event = world.event(guest_photos=GuestPhotos.MODERATED)
    ann, bob = world.join(event), world.join(event)
    photos = [world.add(event, 1, 2), world.add(event, 1), world.add(event)]
    guests_photo = world.add(event, 1, who=ann)
    for guest, number in ((ann, 1), (bob, 2)):
        assert world.rematch(event, guest, 1, number) == "DONE"
    world.two_faces.note(event, {ann: 3})
    reject_and_restore(world, event, ann, photos[0])
    world.audience.set_visibility(world.organiser, event, [guests_photo], Visibility.MATCHED)
    world.audience.set_visibility(world.organiser, event, [photos[2]], Visibility.EVERYONE)
    assert set(world.seen(event, ann)) == {*photos, guests_photo}
    assert len(world.list_all(None, ann, NEWEST_FIRST)) == 4
    look_as_organiser(world, event, photos[0])
    forget(world, event, photos[0])
    replace(world, event)
    world.settle_all()
    world.photos.delete_photo(ann, guests_photo)
    world.photos.delete_photos(world.organiser, event, photos[1:2])
    world.leave(event, bob)
    return event


def reject_and_restore(world: World, event: UUID, guest: UUID, photo: UUID) -> None:
    """A guest rejects a photo and takes the rejection back."""
    world.matches.refuse_match(guest, photo)
    world.matches.restore_match(guest, photo)
    world.audience.ask_to_hide(guest, photo)
    assert world.hide_requests(event)[photo] == 1
    world.audience.dismiss_requests(world.organiser, event, [photo])
    world.audience.undo_ask_to_hide(guest, photo)


def look_as_organiser(world: World, event: UUID, photo: UUID) -> None:
    page = Page("test", 2, None)
    world.photos.list_photos(world.organiser, event, page, Listing(hide_requested=True))
    world.photos.list_uploads(world.organiser, event, page)
    world.photos.count(world.organiser, [event], count_guests=True)
    world.photos.open_photo(world.organiser, photo, Variant.THUMB)
    world.cameras.list_cameras(world.organiser, event)
    world.matches.count_matches(world.organiser, event, [])
    world.matches.count_for_notices(event, [])
    world.photos.retry_failed(world.organiser, event)
    world.anomalies.list_shared_faces(world.organiser, event)
    world.anomalies.list_two_faces(world.organiser, event)


def forget(world: World, event: UUID, photo: UUID) -> None:
    """Removes a face on request; the photo stays hidden."""
    _, [similar, *_], _ = world.removals.find_similar(world.organiser, photo, 1)
    assert world.removals.remove(world.organiser, event, [similar.face], Removal.HIDE_PHOTOS) == 1


def replace(world: World, event: UUID) -> None:
    """A photo gets a new version that shows another person."""
    for number in (1, 2):
        world.add_file(event, photo_of([number], f"edited {number}"), "edited.jpg", replaces=number == 2)
        world.index_all()


def test_statements_read_only_the_partition_of_their_event(world: World, watch: Watch) -> None:
    events = [run_event(world) for _ in range(2)]
    world.change(ChangeKind.EVENT_DELETED, event_id=events[0])
    world.sweep()
    assert check(world) == []
    assert watch.find_faults() == []
    assert watch.seen >= HOT
    assert watch.handed_on - ACROSS.keys() == HANDED_ON


def test_control_a_statement_without_its_event_is_detected(world: World, watch: Watch) -> None:
    world.event()
    world.job_store.read_queue()
    assert watch.find_faults() == []
    assert watch.find_faults(ACROSS.keys() - {"jobs.JobStore.read_queue"}) == ["jobs.JobStore.read_queue"]


def test_control_a_subquery_without_the_event_is_detected(
    world: World, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = "p.event_id = :event AND p.sha256"
    assert whole in SELECT_UPLOAD
    monkeypatch.setattr("matcher_service.store.photos.SELECT_UPLOAD", SELECT_UPLOAD.replace(whole, "p.sha256"))
    assert PhotoStore(world.db).find_upload(world.event(), b"") is None
    assert watch.find_faults() == ["photos.PhotoStore.find_upload"]


def test_a_table_whose_key_lacks_the_event_cannot_be_partitioned(make_db: Callable[[str], Engine]) -> None:
    db = make_db("matcher")
    with db.begin() as connection:
        connection.execute(text("CREATE TABLE matcher.albums (id uuid PRIMARY KEY, event_id uuid NOT NULL)"))
    with pytest.raises(Exception, match="unique constraint on partitioned table must include all partitioning columns"):
        partition(db, COUNT)
