"""The in-memory index of encodings: loaded in pages, bounded in size, shared by concurrent callers."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from sqlalchemy import text

from kit.errors import ServiceUnavailable
from kit.rpc import deadlines
from matcher_service import index as index_module
from matcher_service.faces import FaceKey, FacePage
from matcher_service.index import FACE_BYTES, Index, ReadPage
from matcher_service.store import FaceStore
from tests.matcher.scripted_photos import person
from tests.matcher.world import World


class Pages:
    """A paged source of faces for an index; `before` is called before each page."""

    def __init__(self, world: World, memory_mb: float = 10) -> None:
        self.store = FaceStore(world.db)
        self.sizes: list[int] = []
        self.before: Callable[[], object] = lambda: None
        self.index = Index(self.store.find_version, self.store.count, self.read, memory_mb)

    def read(self, event_id: UUID, after: FaceKey, upto: int, limit: int) -> FacePage:
        self.before()
        page = self.store.read_page(event_id, after, upto, limit)
        self.sizes.append(len(page))
        return page


@pytest.fixture
def pages(world: World, monkeypatch: pytest.MonkeyPatch) -> Pages:
    monkeypatch.setattr(index_module, "PAGE_FACES", 3)
    monkeypatch.setattr(index_module, "BLOCK_FACES", 4)
    monkeypatch.setattr(index_module, "MIN_BLOCK_FACES", 2)
    return Pages(world)


def test_an_event_is_loaded_in_pages_and_blocks_and_compared_as_a_whole(world: World, pages: Pages) -> None:
    event = world.event()
    photos = [world.add(event, 1, number % 3 + 2) for number in range(5)]
    faces = pages.index.use(event)
    assert faces is not None
    assert (len(faces), pages.sizes, [len(block) for block in faces.blocks]) == (10, [3, 3, 3, 1], [4, 4, 2])
    found = faces.find(person(1), 0.6)
    assert {face.photo_id for face in found} == set(photos)
    assert {(face.no, round(face.distance, 3)) for face in found} == {(0, 0.0)}
    assert {face.photo_id for face in faces.find(person(2), 0.6)} == {photos[0], photos[3]}
    more = world.add(event, 1)
    again = pages.index.use(event)
    assert again is not None
    assert (len(again), pages.sizes[4:]) == (11, [1])
    assert more in {face.photo_id for face in again.find(person(1), 0.6)}
    assert len(faces) == 10, "a snapshot never changes"


def load_with_too_little_time(world: World, pages: Pages) -> list[int]:
    """The pages read when the caller's deadline ends after every second page."""
    event = world.event()
    for _ in range(8):
        world.add(event, 1)
    pages.before = lambda: deadlines.enter(0) if len(pages.sizes) % 2 else None
    for _ in range(5):
        deadlines.enter(None)
        try:
            faces = pages.index.use(event)
        except ServiceUnavailable:
            continue
        finally:
            deadlines.enter(None)
        assert faces is not None
        assert len(faces) == 8
        return pages.sizes
    raise AssertionError("never loaded")


def test_a_load_cut_off_by_a_deadline_is_continued_by_the_next_caller(world: World, pages: Pages) -> None:
    assert load_with_too_little_time(world, pages) == [3, 3, 2]


def test_an_index_survives_rematches_of_its_event_but_not_its_deletion(world: World, pages: Pages) -> None:
    event = world.event()
    photo = world.add(event, 1)
    pages.index.use(event)
    world.rematch(event, world.join(event), 1, 1)
    pages.index.tidy(world.match_store.find_deletions)
    assert pages.index.face_count() == 1
    pages.index.use(event)
    assert pages.sizes == [1, 0], "nothing is read twice"
    world.photos.delete_photo(world.organiser, photo)
    pages.index.tidy(world.match_store.find_deletions)
    assert pages.index.face_count() == 0


def load_at_once(pages: Pages, events: list[UUID], monkeypatch: pytest.MonkeyPatch) -> int:
    """The peak number of faces held or reserved while all events are loaded concurrently."""
    most = 0

    def measure() -> None:
        nonlocal most
        most = max(most, sum(entry.reserved for entry in list(pages.index._entries.values())))

    monkeypatch.setattr(index_module, "WAIT_S", 20.0)
    pages.before = measure
    with ThreadPoolExecutor(len(events)) as pool:
        assert [len(faces) for faces in pool.map(pages.index.use, events) if faces] == [9] * len(events)
    return most


def test_concurrent_loads_wait_for_memory(world: World, pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    events = [world.event() for _ in range(4)]
    for event in events:
        for _ in range(3):
            world.add(event, 1, 2, 3)
    pages.index._memory_bytes = 20 * FACE_BYTES
    assert load_at_once(pages, events, monkeypatch) <= 20


class NothingReserved(Index):
    """A broken twin: reserves no memory."""

    def _make_fit(self, event_id: UUID, more: int) -> bool:
        return True


def test_control_without_a_bound_all_events_are_held_in_memory(
    world: World, pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = [world.event() for _ in range(4)]
    for event in events:
        for _ in range(3):
            world.add(event, 1, 2, 3)
    read: ReadPage = pages.read
    pages.index = NothingReserved(pages.store.find_version, pages.store.count, read, 20 * FACE_BYTES / 2**20)
    assert load_at_once(pages, events, monkeypatch) > 20


def test_the_faces_of_a_damaged_row_match_nothing(world: World, pages: Pages) -> None:
    event = world.event()
    world.add(event, 1, 2)
    with world.db.begin() as connection:
        connection.execute(text("UPDATE matcher.faces SET encoding = 'x' WHERE face_no = 0"))
    faces = pages.index.use(event)
    assert faces is not None
    assert faces.find(person(1), 0.6) == []
    assert len(faces.find(person(2), 0.6)) == 1
