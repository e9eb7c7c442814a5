"""The retention of events: they are hidden when it ends and deleted a week later, unless an organiser extends it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from google.protobuf.wrappers_pb2 import Int32Value

from auth_service.store import RetentionStore
from auth_service.store.locks import lock_event
from kit.rpc.timestamps import to_timestamp
from protos.auth.v1 import auth_pb2 as pb
from tests.auth.scene import AuthScene, Person

DAY = timedelta(days=1)


class Kept:
    """An event that ends in ten days and is kept for 60 days, with a guest; `pass_time` advances the clock."""

    def __init__(self, scene: AuthScene) -> None:
        self.scene = scene
        self.olga = scene.organiser()
        self.ends_at = datetime.now(UTC) + 10 * DAY
        self.event = scene.event(self.olga, expire_time=to_timestamp(self.ends_at), keep_days=60)
        self.gina = scene.guest(self.event)

    def pass_time(self, days: float) -> None:
        """Moves the times in the rows into the past; the hourly work runs before and after."""
        self.scene.auth.tidy()
        self.scene.sql(
            "UPDATE auth.events SET expires_at = expires_at - :time, keep_since = keep_since - :time,"
            " hidden_at = hidden_at - :time",
            time=timedelta(days=days),
        )
        self.scene.auth.tidy()

    def update(self, **fields: Any) -> pb.Event:
        request = pb.UpdateEventRequest(event_id=self.event.event_id, **fields)
        return self.scene.stub.UpdateEvent(request, metadata=self.olga.metadata).event

    def state(self) -> str:
        events = self.scene.stub.ListEvents(pb.ListEventsRequest(), metadata=self.olga.metadata).events
        if not events:
            assert self.scene.memberships(self.gina) == []
            return "deleted"
        (membership,) = self.scene.memberships(self.gina)
        assert membership.retention == events[0].retention, "guests see the same"
        return "hidden" if membership.retention.hidden else "kept"

    def last_offer(self) -> tuple[bool, bool]:
        """From the feed: whether photos are held, and whether a release is scheduled."""
        last = [change for change in self.scene.changes() if change.kind == pb.Change.KIND_EVENT_UPDATED][-1]
        return last.held, last.HasField("release_time")


@pytest.fixture
def kept(scene: AuthScene) -> Kept:
    return Kept(scene)


def days_from_now(moment: Any) -> float:
    return round((moment.ToDatetime(UTC) - datetime.now(UTC)) / DAY, 3)


def test_an_event_is_hidden_and_deleted_a_week_later(kept: Kept) -> None:
    retention = kept.event.retention
    assert (days_from_now(retention.hide_time), days_from_now(retention.delete_time)) == (70, 77)
    kept.pass_time(69)
    assert (kept.state(), kept.last_offer()) == ("kept", (False, False))
    kept.pass_time(2)
    assert (kept.state(), kept.last_offer()) == ("hidden", (True, False))
    kept.pass_time(6)
    assert kept.state() == "hidden"
    count = kept.scene.last_change()
    kept.pass_time(2)
    assert kept.state() == "deleted"
    change, *left = kept.scene.changes(count)
    assert {(one.kind, one.last_membership) for one in left} == {(pb.Change.KIND_LEFT, True)}
    assert (change.kind, change.event_id) == (pb.Change.KIND_EVENT_DELETED, kept.event.event_id)


def test_after_a_long_downtime_an_event_is_still_hidden_for_a_week(kept: Kept) -> None:
    kept.scene.sql("UPDATE auth.events SET expires_at = now() - :time, keep_since = now() - :time", time=2000 * DAY)
    kept.scene.auth.tidy()
    assert kept.state() == "hidden"
    kept.scene.auth.tidy()
    assert kept.state() == "hidden"
    kept.pass_time(8)
    assert kept.state() == "deleted"


@pytest.mark.parametrize("days", [69, 73], ids=["before it is hidden", "while it is hidden"])
@pytest.mark.parametrize("how", ["extended", "kept"])
def test_extending_or_keeping_an_event_prevents_its_deletion(kept: Kept, days: int, how: str) -> None:
    kept.pass_time(days)
    longer = {"expire_time": to_timestamp(datetime.now(UTC) + DAY)}
    saved = kept.update(**longer if how == "extended" else {"keep_days": Int32Value(value=0)})
    assert (saved.retention.hidden, saved.retention.HasField("delete_time")) == (False, how == "extended")
    assert kept.last_offer() == (False, False)
    kept.pass_time(30)
    assert kept.state() == "kept"


def test_other_updates_do_not_prevent_the_deletion(kept: Kept) -> None:
    kept.pass_time(73)
    assert kept.update(keep_days=Int32Value(value=60), release_time=None).retention.hidden
    kept.pass_time(8)
    assert kept.state() == "deleted"


def test_a_new_retention_hides_an_event_after_thirty_days_at_the_earliest(kept: Kept) -> None:
    """This includes events that ended long ago, as after an upgrade."""
    kept.update(keep_days=Int32Value(value=0))
    kept.pass_time(1000)
    event = kept.update(keep_days=Int32Value(value=1))
    assert days_from_now(event.retention.hide_time) == 30
    kept.pass_time(29)
    assert kept.state() == "kept"
    kept.pass_time(2)
    assert kept.state() == "hidden"


@pytest.mark.parametrize("fields", [{"keep_days": Int32Value(value=0)}, {"clear_expire_time": True}])
def test_an_event_without_an_end_or_a_retention_is_kept(kept: Kept, fields: dict[str, Any]) -> None:
    assert not kept.update(**fields).retention.HasField("delete_time")
    kept.pass_time(10_000)
    assert kept.state() == "kept"


def test_an_event_extended_by_an_earlier_version_is_shown_again(kept: Kept) -> None:
    kept.pass_time(73)
    kept.scene.sql("UPDATE auth.events SET expires_at = now() + interval '1 day'")
    kept.scene.auth.tidy()
    assert (kept.state(), kept.last_offer()) == ("kept", (False, False))


@pytest.mark.parametrize(("days", "step"), [(71, "hide"), (79, "delete")])
def test_an_extension_concurrent_with_the_hourly_work_wins(kept: Kept, days: int, step: str) -> None:
    """The hourly work has selected the event and waits for the organiser's transaction."""
    kept.pass_time(69 if step == "hide" else 71)
    kept.scene.sql(
        "UPDATE auth.events SET expires_at = expires_at - :time, hidden_at = hidden_at - :time,"
        " keep_since = keep_since - :time",
        time=(days - (69 if step == "hide" else 71)) * DAY,
    )
    store, event_id = RetentionStore(kept.scene.db), UUID(kept.event.event_id)
    assert event_id in (store.find_out_of_date() if step == "hide" else store.find_over())
    with ThreadPoolExecutor() as threads:
        with kept.scene.db.begin() as connection:
            lock_event(connection, event_id)
            work = threads.submit(getattr(store, step), event_id)
            kept.scene.wait_until_blocked_or_done(work)
            connection.exec_driver_sql("UPDATE auth.events SET keep_since = now(), hidden_at = NULL")
        work.result()
    assert kept.state() == "kept"


def test_a_guest_sees_no_retention_of_other_events(scene: AuthScene, kept: Kept) -> None:
    other = scene.event(kept.olga, "Another party")
    assert not other.retention.HasField("delete_time")
    guest: Person = scene.guest(other, "greg")
    (membership,) = scene.memberships(guest)
    assert not membership.retention.HasField("delete_time")
