"""Large events: deleted in batches, claimed in turns, loaded in pages; files without a row found by an index."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, text

from kit import deadlines
from kit.errors import DatabaseUnavailable, ServiceUnavailable
from matcher_service import index as index_module
from matcher_service.domain import Change, ChangeKind, Job
from matcher_service.faces import FaceKey, FacePage
from matcher_service.feed import _change
from matcher_service.index import FACE_BYTES, Index, ReadPage
from matcher_service.store import FaceStore, JobStore, PurgeStore, members
from matcher_service.store.events import PHOTO_KEYS
from protos.auth.v1 import auth_pb2
from tests.service import matcher_fixtures
from tests.service.matcher_fixtures import MakeWorld
from tests.service.matcher_world import LEASE_S, World, person

make_world = matcher_fixtures.make_world
world = matcher_fixtures.world

# Each deleted photo takes a hundredth of a second, as a hundred thousand do together with all their rows.
SLOW_DELETION = """
CREATE FUNCTION matcher.dawdle() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.01); RETURN OLD; END';
CREATE TRIGGER dawdle BEFORE DELETE ON matcher.photos FOR EACH ROW EXECUTE FUNCTION matcher.dawdle();
ALTER ROLE CURRENT_USER SET statement_timeout = '300ms';
"""
PHOTOS = 60


def execute(world: World, statement: str, **values: object) -> list[Any]:
    with world.db.begin() as connection:
        result = connection.execute(text(statement), values)
        return list(result) if result.returns_rows else []


def delete_in_the_feed(connection: Connection, change: Change) -> None:
    """A broken twin: everything of the event in the transaction that reads the feed."""
    connection.execute(text("DELETE FROM matcher.events WHERE id = :event"), {"event": change.event_id})


def delete_large_event(world: World) -> None:
    """An event whose deletion takes longer than a statement may, and a guest of another one meanwhile."""
    doomed, other = world.event(), world.event()
    guest, photo = world.join(other), world.add(other, 1)
    for _ in range(PHOTOS):
        world.upload(doomed, [1])
    execute(world, SLOW_DELETION)
    world.db.dispose()  # the time-out is that of new connections
    try:
        world.change(ChangeKind.EVENT_DELETED, event_id=doomed)
        assert world.member_store.find_role(doomed, world.organiser) is None, "hidden at once"
        assert world.job_store.claim(LEASE_S) is None, "nothing of it is read any more"
        assert world.rematch(other, guest, 1, 1) == "DONE"
        assert world.found(guest) == {photo}
        purge = PurgeStore(world.db)
        while purge.purge(limit=10):
            pass
    finally:
        execute(world, "ALTER ROLE CURRENT_USER SET statement_timeout = '30s'")
        world.db.dispose()
    assert world.count("photos") == 1
    assert world.count("blob_deletions") == PHOTOS


def test_a_large_event_is_hidden_at_once_and_deleted_in_batches(world: World) -> None:
    delete_large_event(world)


def test_control_deleted_by_the_feed_a_large_event_stops_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(members.APPLY, ChangeKind.EVENT_DELETED, delete_in_the_feed)
    with pytest.raises(DatabaseUnavailable):
        delete_large_event(world)


class FirstComeFirstServed(JobStore):
    """A broken twin."""

    def claim(self, lease_s: float) -> Job | None:
        query = text(
            "UPDATE matcher.photos SET attempt = attempt + 1, lease_until = now() + make_interval(secs => :lease)"
            " WHERE id = (SELECT id FROM matcher.photos WHERE state = 'pending' AND lease_until IS NULL"
            " ORDER BY created_at LIMIT 1) RETURNING id, event_id, upload_key, attempt"
        )
        with self._engine.begin() as connection:
            row = connection.execute(query, {"lease": lease_s}).one()
        return Job(row.id, row.event_id, row.upload_key, row.attempt)


def count_claims_before(world: World) -> int:
    """How many photos of a large event are claimed before the one of another event, which came last."""
    large, small = world.event(), world.event()
    for _ in range(10):
        world.upload(large, [1])
    world.upload(small, [1])
    for count in range(11):
        job = world.job_store.claim(LEASE_S)
        assert job is not None
        if job.event_id == small:
            return count
    raise AssertionError("never claimed")


def test_one_photo_does_not_wait_for_all_those_of_another_event(world: World) -> None:
    assert count_claims_before(world) <= 1


def test_control_first_come_first_served_it_waits_for_all(make_world: MakeWorld) -> None:
    assert count_claims_before(make_world(job_store=FirstComeFirstServed)) == 10


def test_events_take_turns_and_all_photos_have_theirs(world: World) -> None:
    events = [world.event() for _ in range(3)]
    for event in events:
        for _ in range(3):
            world.upload(event, [1])
    jobs = [world.job_store.claim(LEASE_S) for _ in range(9)]
    order = [job.event_id for job in jobs if job]
    assert all(set(order[start : start + 3]) == set(events) for start in (0, 3, 6))
    assert world.job_store.claim(LEASE_S) is None


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (f"SELECT k FROM unnest(ARRAY['a', 'b']) k WHERE NOT EXISTS (SELECT FROM matcher.photos"
         f" WHERE {PHOTO_KEYS} @> ARRAY[k])", "photo_keys"),
        ("SELECT key FROM matcher.blob_deletions ORDER BY created_at LIMIT 20", "blob_deletions_by_age"),
        ("SELECT * FROM matcher.matches WHERE person_id = CAST(:id AS uuid) AND shown"
         " ORDER BY sorted_at, photo_id LIMIT 50",
         "matches_by_time"),
        ("SELECT * FROM matcher.photos WHERE event_id = CAST(:id AS uuid) ORDER BY created_at, id LIMIT 50",
         "photos_by_upload"),
        ("SELECT * FROM matcher.photos WHERE event_id = CAST(:id AS uuid) AND state = 'failed'"
         " ORDER BY sorted_at, id LIMIT 50", "photos_by_state_and_time"),
        ("SELECT * FROM matcher.photos WHERE event_id = CAST(:id AS uuid) AND visibility = 'hidden'"
         " ORDER BY created_at, id LIMIT 50", "photos_by_visibility_and_upload"),
        ("SELECT * FROM matcher.photos WHERE event_id = CAST(:id AS uuid) AND visibility = 'hidden'"
         " ORDER BY sorted_at, id LIMIT 50", "photos_by_visibility_and_time"),
        ("SELECT * FROM matcher.photos WHERE event_id = CAST(:id AS uuid) AND state = 'indexed' AND face_count = 0"
         " ORDER BY created_at, id LIMIT 50", "photos_without_faces_by_upload"),
        ("SELECT * FROM matcher.photos WHERE event_id = CAST(:id AS uuid) AND state = 'indexed' AND face_count = 0"
         " ORDER BY sorted_at, id LIMIT 50", "photos_without_faces_by_time"),
        ("SELECT id FROM matcher.photos WHERE state = 'pending' AND event_id > CAST(:id AS uuid)"
         " ORDER BY event_id, created_at LIMIT 1", "photos_to_claim"),
    ],
)  # fmt: skip
def test_what_grows_is_found_by_an_index(world: World, query: str, index: str) -> None:
    with world.db.begin() as connection:
        for setting in ("enable_seqscan", "enable_sort"):
            connection.execute(text(f"SET LOCAL {setting} = off"))
        values = {"id": str(UUID(int=0))} if ":id" in query else {}
        plan = "\n".join(connection.execute(text(f"EXPLAIN {query}"), values).scalars())
    assert index in plan


class Pages:
    """Pages of faces as an index reads them; `before` is called before each."""

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
    """The pages that it takes when the caller's time ends after each second one."""
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


def test_a_load_that_its_caller_cannot_wait_for_is_continued_by_the_next(world: World, pages: Pages) -> None:
    assert load_with_too_little_time(world, pages) == [3, 3, 2]


def test_an_index_survives_the_rematches_of_its_event_and_no_deletion(world: World, pages: Pages) -> None:
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
    """The most faces that were held or promised while all events were loaded at the same time."""
    most = 0

    def measure() -> None:
        nonlocal most
        most = max(most, sum(entry.reserved for entry in list(pages.index._entries.values())))

    monkeypatch.setattr(index_module, "WAIT_S", 20.0)
    pages.before = measure
    with ThreadPoolExecutor(len(events)) as pool:
        assert [len(faces) for faces in pool.map(pages.index.use, events) if faces] == [9] * len(events)
    return most


def test_events_that_are_loaded_at_once_wait_for_memory(
    world: World, pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = [world.event() for _ in range(4)]
    for event in events:
        for _ in range(3):
            world.add(event, 1, 2, 3)
    pages.index._memory_bytes = 20 * FACE_BYTES
    assert load_at_once(pages, events, monkeypatch) <= 20


class NothingReserved(Index):
    """A broken twin."""

    def _make_fit(self, event_id: UUID, more: int) -> bool:
        return True


def test_control_without_a_bound_all_of_them_are_held(
    world: World, pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = [world.event() for _ in range(4)]
    for event in events:
        for _ in range(3):
            world.add(event, 1, 2, 3)
    read: ReadPage = pages.read
    pages.index = NothingReserved(pages.store.find_version, pages.store.count, read, 20 * FACE_BYTES / 2**20)
    assert load_at_once(pages, events, monkeypatch) > 20


def test_a_change_of_an_unknown_kind_is_skipped(world: World) -> None:
    change = _change(auth_pb2.Change(sequence=world.member_store.cursor() + 1, kind=99, event_id=str(uuid4())))  # type: ignore[arg-type]
    assert change.kind is None
    world.member_store.apply(change)
    assert world.member_store.cursor() == change.sequence
    assert world.count("events") == 0


def test_the_faces_of_a_damaged_row_are_near_nothing(world: World, pages: Pages) -> None:
    event = world.event()
    world.add(event, 1, 2)
    execute(world, "UPDATE matcher.faces SET encoding = 'x' WHERE face_no = 0")
    faces = pages.index.use(event)
    assert faces is not None
    assert faces.find(person(1), 0.6) == []
    assert len(faces.find(person(2), 0.6)) == 1
