"""Photo uploads to matcher_service: retries after a failure, and bounded memory."""

import tracemalloc

from matcher_service.domain import AddedPhoto, NewPhoto, PhotoState, Quota
from matcher_service.reading import Reading
from matcher_service.spool import Spool, spool
from matcher_service.store import PhotoStore
from tests.matcher.scripted_photos import photo_of
from tests.matcher.world import MakeWorld, World


def test_a_failed_photo_is_retried_when_its_bytes_are_uploaded_again(world: World) -> None:
    event, data = world.event(), photo_of([1], "broken")
    first = world.add_file(event, data)
    assert (first.state, first.existing) == (PhotoState.PENDING, False)
    broken = world.make_indexer(lambda _: Reading(reason="unreadable"))
    assert broken.step()
    again = world.add_file(event, data)
    assert (again.photo_id, again.state, again.existing) == (first.photo_id, PhotoState.PENDING, True)
    world.index_all()
    last = world.add_file(event, data)
    assert (last.photo_id, last.state, last.existing) == (first.photo_id, PhotoState.INDEXED, True)
    world.sweep()
    assert len(world.files()) == 5  # the upload and the served sizes


class NeverAgain(PhotoStore):
    """A broken twin: bytes that failed once stay failed forever."""

    def add(self, photo: NewPhoto, quota: Quota) -> AddedPhoto:
        known = self.find_upload(photo.event_id, photo.sha256)
        if known:
            return AddedPhoto(known.photo_id, "", known.state, existing=True)
        return super().add(photo, quota)


def test_control_a_photo_that_failed_once_stays_failed(make_world: MakeWorld) -> None:
    world = make_world(photo_store=NeverAgain)
    event, data = world.event(), photo_of([1], "broken")
    world.add_file(event, data)
    assert world.make_indexer(lambda _: Reading(reason="unreadable")).step()
    assert world.add_file(event, data).state is PhotoState.FAILED


def test_a_large_photo_is_never_held_in_memory_as_a_whole(world: World) -> None:
    event, chunk = world.event(), bytes(1_000_000)
    tracemalloc.start()
    try:
        with Spool(100_000_000) as upload:
            upload.append(photo_of([1]))
            for _ in range(60):
                upload.append(chunk)
            world.photos.add_photo(world.organiser, event, "large.jpg", upload)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 25_000_000  # parts of 5 MiB on their way to the file store


def test_control_a_photo_held_in_memory_is_detected(world: World) -> None:
    tracemalloc.start()
    try:
        with spool(photo_of([1]) + bytes(60_000_000), 100_000_000) as upload:
            world.photos.add_photo(world.organiser, world.event(), "large.jpg", upload)
        assert tracemalloc.get_traced_memory()[1] > 25_000_000
    finally:
        tracemalloc.stop()
