"""Automatic deletion of guests who are in no event, and of changes that every follower has applied."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import UUID

import grpc
import pytest
from sqlalchemy import text

from auth_service.store import LeftoverStore, leftovers
from auth_service.store.accounts import erase_account
from auth_service.store.locks import lock_sessions
from kit.db.engine import transaction
from kit.rpc.timestamps import to_timestamp
from protos.auth.v1 import auth_pb2 as pb
from tests.auth.scene import AuthScene, Person
from tests.harness.calls import raises_fault
from tests.harness.migrations import downgrade, upgrade

DAYS = 31


def pass_time(scene: AuthScene, days: float = DAYS) -> None:
    """Moves the times in the rows into the past; the hourly work runs before and after."""
    scene.auth.tidy()
    values = {"time": timedelta(days=days)}
    scene.sql("UPDATE auth.users SET without_events_since = without_events_since - :time", **values)
    scene.sql("UPDATE auth.changes SET created_at = created_at - :time", **values)
    scene.sql("UPDATE auth.feed SET shortened_from = shortened_from - :time", **values)
    scene.auth.tidy()


def leave(scene: AuthScene, event: pb.Event, person: Person) -> None:
    scene.stub.LeaveEvent(pb.LeaveEventRequest(event_id=event.event_id), metadata=person.metadata)


def exists(scene: AuthScene, person: Person) -> bool:
    return bool(scene.sql("SELECT FROM auth.users WHERE id = :user", user=person.user_id))


# Guests.


def test_a_guest_without_credentials_and_events_is_erased_after_a_month(scene: AuthScene) -> None:
    event = scene.event(scene.organiser())
    gone, stays, registered = scene.visitor(event), scene.visitor(event), scene.guest(event)
    for person in (gone, registered):
        leave(scene, event, person)
    pass_time(scene, 29)
    assert exists(scene, gone)
    pass_time(scene, 2)
    assert [exists(scene, person) for person in (gone, stays, registered)] == [False, True, True]
    assert scene.changes()[-1].kind == pb.Change.KIND_USER_ERASED
    with raises_fault(grpc.StatusCode.NOT_FOUND, "USER_NOT_FOUND"):
        scene.memberships(gone)


def test_joining_again_restarts_the_month(scene: AuthScene) -> None:
    event = scene.event(scene.organiser())
    gina = scene.visitor(event)
    join = pb.JoinEventRequest(event_code=event.event_code)
    leave(scene, event, gina)
    pass_time(scene, 20)
    scene.stub.JoinEvent(join, metadata=gina.metadata)
    pass_time(scene, 20)
    leave(scene, event, gina)
    pass_time(scene, 20)
    assert exists(scene, gina)
    pass_time(scene, 20)
    assert not exists(scene, gina)


class Blind(LeftoverStore):
    """A broken twin: erases a guest without checking again under the lock."""

    def erase(self, user_id: UUID) -> None:
        with transaction(self._engine) as connection:
            erase_account(connection, user_id)


def join_while_erased(scene: AuthScene, store: type[LeftoverStore] = LeftoverStore) -> bool:
    """Whether a guest who joins an event during the erasure is kept."""
    event = scene.event(scene.organiser())
    gina = scene.visitor(event)
    leave(scene, event, gina)
    scene.auth.tidy()
    scene.sql("UPDATE auth.users SET without_events_since = now() - interval '31 days' WHERE id = :id", id=gina.user_id)
    with ThreadPoolExecutor(1) as pool:
        with transaction(scene.db) as connection:
            lock_sessions(connection, UUID(gina.user_id))
            work = pool.submit(store(scene.db).erase, UUID(gina.user_id))
            scene.wait_until_blocked_or_done(work)
            join = "INSERT INTO auth.memberships (event_id, user_id, role) VALUES (:event, :user, 'guest')"
            connection.execute(text(join), {"event": event.event_id, "user": gina.user_id})
        work.result()
    return exists(scene, gina)


def test_a_guest_who_joins_during_the_erasure_is_kept(scene: AuthScene) -> None:
    assert join_while_erased(scene)


def test_control_an_erasure_without_a_second_check_erases_them(scene: AuthScene) -> None:
    assert not join_while_erased(scene, Blind)


# The change feed.


def read(scene: AuthScene, name: str, after: int) -> list[pb.Change]:
    request = pb.ListChangesRequest(after=after)
    return list(scene.stub.ListChanges(request, metadata=scene.as_service(name)).changes)


def kept(scene: AuthScene) -> list[int]:
    return [row.sequence for row in scene.sql("SELECT sequence FROM auth.changes ORDER BY sequence")]


def test_changes_are_deleted_a_month_after_every_follower_applied_them(scene: AuthScene) -> None:
    scene.event(olga := scene.organiser())
    scene.event(olga)
    last = scene.last_change()
    read(scene, "selfie", last)
    read(scene, "matcher", last - 1)
    pass_time(scene, 29)
    assert len(kept(scene)) == last
    pass_time(scene, 2)
    assert kept(scene) == [last], "the newest change is kept"
    assert [change.sequence for change in read(scene, "matcher", last - 1)] == [last]
    scene.event(olga)
    assert read(scene, "matcher", last)[0].sequence == last + 1, "without a gap"


@pytest.mark.parametrize("readers", [{}, {"selfie": 99}, {"selfie": 99, "matcher": 1}, {"selfie": 99, "gateway": 99}])
def test_changes_that_a_follower_has_not_applied_are_kept(scene: AuthScene, readers: dict[str, int]) -> None:
    scene.event(scene.organiser())
    last = scene.last_change()
    for name, after in readers.items():
        read(scene, name, min(after, last))
    pass_time(scene)
    assert kept(scene) == list(range(1 + (readers.get("matcher") == 1), last + 1))


def test_control_a_feed_that_waits_for_one_follower_loses_changes(
    scene: AuthScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leftovers, "FOLLOWERS", ("selfie",))
    scene.event(scene.organiser())
    read(scene, "selfie", last := scene.last_change())
    pass_time(scene)
    assert kept(scene) == [last]


def test_the_position_of_a_follower_never_decreases(scene: AuthScene) -> None:
    """A position can be reported again after a restart or by another process."""
    store = LeftoverStore(scene.db)
    store.note_readers({"selfie": 5})
    store.note_readers({"selfie": 3})
    assert scene.sql("SELECT sequence FROM auth.feed_readers") == [(5,)]


# The upgrade, and the defaults of new events.


def test_nothing_is_deleted_within_a_month_of_the_upgrade(scene: AuthScene) -> None:
    downgrade(scene.db, "auth", "0015")
    scene.sql("INSERT INTO auth.users (id, created_at) VALUES (gen_random_uuid(), now() - interval '1 year')")
    scene.sql(
        "INSERT INTO auth.events (id, name, code, keep_since)"
        " VALUES (gen_random_uuid(), 'Old', 'OLD', now() - interval '1 year')"
    )
    scene.sql("INSERT INTO auth.changes (sequence, kind, created_at) VALUES (1, 'waiting', now() - interval '1 year')")
    scene.sql("INSERT INTO auth.changes (sequence, kind) VALUES (2, 'waiting')")
    scene.sql("UPDATE auth.feed SET last = 2")
    upgrade(scene.db, "auth")
    for name in ("selfie", "matcher"):
        read(scene, name, 2)
    pass_time(scene, 29)
    assert (kept(scene), len(scene.sql("SELECT FROM auth.users"))) == ([1, 2], 1)
    pass_time(scene, 2)
    assert (kept(scene), len(scene.sql("SELECT FROM auth.users"))) == ([3], 0), "the erasure is the newest"
    assert scene.sql("SELECT expires_at, keep_days FROM auth.events") == [(None, None)], (
        "old events keep what they have"
    )


def days(moment: object) -> int:
    return round((moment.ToDatetime(UTC) - datetime.now(UTC)) / timedelta(days=1))  # type: ignore[attr-defined]


def create(scene: AuthScene, **fields: object) -> pb.Event:
    request = pb.CreateEventRequest(name="Party", **fields)  # type: ignore[arg-type]
    return scene.stub.CreateEvent(request, metadata=scene.organiser().metadata).event


def test_a_new_event_ends_after_a_year_and_is_deleted_a_month_later(scene: AuthScene) -> None:
    event = create(scene)
    assert (days(event.expire_time), event.retention.keep_days) == (365, 30)
    assert (days(event.retention.hide_time), days(event.retention.delete_time)) == (395, 402)


def test_an_event_ends_a_year_after_its_start(scene: AuthScene) -> None:
    event = create(scene, start_time=to_timestamp(datetime.now(UTC) + timedelta(days=500)))
    assert days(event.expire_time) == 865


def test_an_organiser_can_choose_the_end_and_the_retention(scene: AuthScene) -> None:
    event = create(scene, without_end=True, is_kept=True)
    assert not event.HasField("expire_time")
    assert (event.retention.keep_days, event.retention.HasField("delete_time")) == (0, False)
    end = to_timestamp(datetime.now(UTC) + timedelta(days=5))
    request = pb.CreateEventRequest(name="Party", expire_time=end, keep_days=90)
    chosen = scene.stub.CreateEvent(request, metadata=scene.organiser("otto").metadata).event
    assert (days(chosen.expire_time), chosen.retention.keep_days) == (5, 90)
