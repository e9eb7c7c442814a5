"""Large events: deletion in batches, fair claims, paged loading; orphaned files are found with an index."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, text

from kit.errors import DatabaseUnavailable
from matcher_service.domain import Change, ChangeKind, Job
from matcher_service.feed import _change
from matcher_service.store import JobStore, PurgeStore, members
from matcher_service.store.events import PHOTO_KEYS
from protos.auth.v1 import auth_pb2
from tests.matcher.world import LEASE_S, MakeWorld, World

# Each deleted photo takes 10 ms, as 100,000 photos with all their rows would.
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
    """A broken twin: deletes the whole event in the transaction that applies the feed."""
    connection.execute(text("DELETE FROM matcher.events WHERE id = :event"), {"event": change.event_id})


def delete_large_event(world: World) -> None:
    """Deletes an event whose rows take longer than the statement timeout, while a guest uses another event."""
    doomed, other = world.event(), world.event()
    guest, photo = world.join(other), world.add(other, 1)
    for _ in range(PHOTOS):
        world.upload(doomed, [1])
    execute(world, SLOW_DELETION)
    world.db.dispose()  # the timeout applies to new connections
    try:
        world.change(ChangeKind.EVENT_DELETED, event_id=doomed)
        assert world.member_store.find_role(doomed, world.organiser) is None, "hidden immediately"
        assert world.job_store.claim(LEASE_S) is None, "its photos are not claimed any more"
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


def test_a_large_event_is_hidden_immediately_and_deleted_in_batches(world: World) -> None:
    delete_large_event(world)


def test_control_deleting_a_large_event_in_the_feed_transaction_blocks_the_feed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(members.APPLY, ChangeKind.EVENT_DELETED, delete_in_the_feed)
    with pytest.raises(DatabaseUnavailable):
        delete_large_event(world)


class FirstComeFirstServed(JobStore):
    """A broken twin: claims photos in order of arrival."""

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
    """The number of photos of a large event claimed before the one photo of another event, which arrived last."""
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


def test_one_photo_does_not_wait_for_all_photos_of_another_event(world: World) -> None:
    assert count_claims_before(world) <= 1


def test_control_in_order_of_arrival_it_waits_for_all_of_them(make_world: MakeWorld) -> None:
    assert count_claims_before(make_world(job_store=FirstComeFirstServed)) == 10


def test_events_take_turns_and_every_photo_is_claimed(world: World) -> None:
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
        ("SELECT id FROM matcher.replacements WHERE state = 'pending' AND event_id > CAST(:id AS uuid)"
         " ORDER BY event_id, created_at LIMIT 1", "replacements_to_claim"),
        ("SELECT k FROM unnest(ARRAY['a', 'b']) k WHERE NOT EXISTS ("
         " SELECT FROM matcher.replacements WHERE upload_key = k)", "replacement_keys"),
        ("SELECT id FROM matcher.photos WHERE event_id = CAST(:id AS uuid) AND filename = 'a' AND NOT from_guest",
         "photos_by_name"),
        ("SELECT id FROM matcher.photos WHERE event_id = CAST(:id AS uuid) AND replaced_version > 7"
         " AND replaced_version > 0", "photos_replaced"),
        ("SELECT FROM matcher.past_versions WHERE event_id = CAST(:id AS uuid) AND sha256 = 'a'",
         "past_versions_by_bytes"),
        ("SELECT id FROM matcher.photos WHERE event_id = CAST(:id AS uuid) AND camera_id = gen_random_uuid()",
         "photos_by_camera"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("new_databases")
def test_queries_on_growing_tables_use_an_index(world: World, query: str, index: str) -> None:
    with world.db.begin() as connection:
        for setting in ("enable_seqscan", "enable_sort"):
            connection.execute(text(f"SET LOCAL {setting} = off"))
        values = {"id": str(UUID(int=0))} if ":id" in query else {}
        plan = "\n".join(connection.execute(text(f"EXPLAIN {query}"), values).scalars())
    assert index in plan


def test_a_change_of_an_unknown_kind_is_skipped(world: World) -> None:
    change = _change(auth_pb2.Change(sequence=world.member_store.cursor() + 1, kind=99, event_id=str(uuid4())))  # type: ignore[arg-type]
    assert change.kind is None
    world.member_store.apply(change)
    assert world.member_store.cursor() == change.sequence
    assert world.count("events") == 0
