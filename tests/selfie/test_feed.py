"""Changes from auth_service, applied once and in order."""

from pathlib import Path
from threading import Thread
from uuid import uuid4

import grpc
import pytest
from sqlalchemy import Connection
from structlog.testing import capture_logs

from kit.rpc.identity import Verifier
from protos.auth.v1 import auth_pb2
from protos.selfie.v1 import selfie_pb2 as pb
from selfie_service import feed
from selfie_service.domain import Change, ChangeKind
from selfie_service.store import FeedStore, changes
from selfie_service.store.changes import FeedGap
from tests.harness.calls import raises_fault
from tests.selfie.world import MakeWorld, World, face, wait_until


class CarelessChanges(FeedStore):
    """A broken twin: applies every change without checking its position."""

    def _is_next(self, connection: Connection, change: Change) -> bool:
        return True


def leave_twice(world: World) -> int:
    """The revision after a LEFT that is delivered twice."""
    event = world.event()
    guest = world.guest(event)
    world.enter(guest)
    left = world.publish(ChangeKind.LEFT, event_id=event, user_id=guest)
    for _ in range(2):
        world.changes.apply(left)
    revision: int = world.row("SELECT revision FROM selfie.people").revision
    return revision


def test_a_change_delivered_twice_is_applied_once(world: World) -> None:
    assert leave_twice(world) == 3


def test_control_without_the_cursor_check_it_is_applied_twice(make_world: MakeWorld) -> None:
    assert leave_twice(make_world(change_store=CarelessChanges)) == 4


def test_a_gap_stops_the_feed(world: World) -> None:
    event = uuid4()
    with pytest.raises(FeedGap):
        world.changes.apply(Change(2, ChangeKind.EVENT_UPDATED, event_id=event))
    assert (world.changes.cursor(), world.count("events")) == (0, 0)


def test_a_failed_change_does_not_move_the_cursor(world: World) -> None:
    with pytest.raises(AssertionError):
        world.changes.apply(Change(1, ChangeKind.JOINED, event_id=uuid4()))
    assert world.changes.cursor() == 0


def join_after_an_unknown_change(world: World) -> int:
    """The enrolments of a guest who joins after a change of a kind unknown to this version."""
    event = world.event()
    world.feed.changes.append(auth_pb2.Change(sequence=2, kind=99, event_id=str(event)))  # type: ignore[arg-type]
    world.publish(ChangeKind.JOINED, event_id=event, user_id=uuid4())
    world.follower.catch_up()
    assert world.changes.cursor() == 3
    return world.count("enrolments")


def test_a_change_of_an_unknown_kind_is_skipped_with_a_warning(world: World) -> None:
    with capture_logs() as logs:
        assert join_after_an_unknown_change(world) == 1
    assert [
        (line["log_level"], line["action"], line["sequence"], line["kind"])
        for line in logs
        if line.get("action") == "change_skipped"
    ] == [("warning", "change_skipped", 2, 99)]


def test_control_a_strict_lookup_of_the_kind_stops_the_feed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    class Strict(dict[int, ChangeKind]):
        def get(self, key: int, default: object = None) -> ChangeKind:  # type: ignore[override]
            return self[key]

    monkeypatch.setattr(feed, "KINDS", Strict(feed.KINDS))
    with pytest.raises(KeyError):
        join_after_an_unknown_change(world)


def test_several_followers_apply_each_change_once(world: World) -> None:
    event = world.event()
    guests = [uuid4() for _ in range(20)]
    for guest in guests:
        world.publish(ChangeKind.JOINED, event_id=event, user_id=guest)
        world.publish(ChangeKind.LEFT, event_id=event, user_id=guest)
    followers = [Thread(target=world.follower.catch_up) for _ in range(4)]
    for follower in followers:
        follower.start()
    for follower in followers:
        follower.join(20)
    assert world.changes.cursor() == len(world.feed.changes)
    assert world.row("SELECT min(revision) AS least, max(revision) AS most FROM selfie.people") == (1, 1)


def test_several_followers_apply_each_change_of_many_joins_once(world: World) -> None:
    """The followers read overlapping batches."""
    event = world.event()
    for _ in range(120):
        world.publish(ChangeKind.JOINED, event_id=event, user_id=uuid4())
    followers = [Thread(target=world.follower.catch_up) for _ in range(4)]
    for follower in followers:
        follower.start()
    for follower in followers:
        follower.join(20)
    assert world.changes.cursor() == len(world.feed.changes)
    assert world.count("enrolments") == 120


def test_the_follower_receives_a_change_while_it_waits(world: World) -> None:
    following = Thread(target=lambda: world.follower.run(world.stop))
    following.start()
    wait_until(lambda: len(world.feed.callers) > 0)
    world.publish(ChangeKind.JOINED, event_id=world.event(), user_id=uuid4())
    wait_until(lambda: world.count("enrolments") == 1)
    world.stop.set()
    world.event()
    following.join(10)
    assert not following.is_alive()


def test_the_feed_is_requested_with_a_token_of_this_service(world: World, keys: Path) -> None:
    world.follower.catch_up()
    assert Verifier.read(keys, "auth").verify(world.feed.callers[0]).kind == "service:selfie"


def test_a_guest_who_joins_with_an_active_selfie_is_matched_there_too(world: World) -> None:
    guest = world.guest(world.event())
    world.enter(guest, 4)
    world.rematch()
    world.publish(ChangeKind.JOINED, event_id=(joined := world.event()), user_id=guest)
    world.follower.catch_up()
    world.rematch()
    request = world.matcher.requests[-1]
    assert (request.event_id, len(request.encoding)) == (str(joined), 128)
    assert {event.state for event in world.state(guest).events} == {pb.REMATCH_STATE_DONE}


def test_a_guest_who_joins_without_a_selfie_is_not_sent(world: World) -> None:
    world.guest(world.event())
    world.rematch()
    assert world.matcher.requests == []


def test_a_guest_who_left_is_no_longer_matched_there(world: World) -> None:
    event, left = world.event(), world.event()
    guest = world.guest(event, left)
    world.enter(guest)
    before = world.row("SELECT revision FROM selfie.people").revision
    world.publish(ChangeKind.LEFT, event_id=left, user_id=guest)
    world.follower.catch_up()
    world.rematch()
    assert [request.event_id for request in world.matcher.requests] == [str(event)]
    assert world.row("SELECT revision FROM selfie.people").revision == before + 1


def test_a_returning_guest_is_matched_with_a_newer_revision(world: World) -> None:
    event = world.event()
    guest = world.guest(event)
    world.enter(guest)
    world.rematch()
    for kind in (ChangeKind.LEFT, ChangeKind.JOINED):
        world.publish(kind, event_id=event, user_id=guest)
    world.follower.catch_up()
    world.rematch()
    before, after = world.matcher.requests
    assert after.revision > before.revision
    assert len(after.encoding) == 128


def test_erasing_a_guest_leaves_only_an_id(world: World) -> None:
    event = world.event()
    guest, other = world.guest(event), world.guest(event)
    for who in (guest, other):
        world.enter(who)
    world.upload(guest, "newer")
    world.publish(ChangeKind.USER_ERASED, user_id=guest)
    world.follower.catch_up()
    assert [world.count(table) for table in ("people", "selfies", "enrolments")] == [1, 1, 1]
    assert world.row("SELECT id FROM selfie.tombstones").id == guest
    with raises_fault(grpc.StatusCode.NOT_FOUND, "USER_NOT_FOUND"):
        world.upload(guest)
    assert world.count("selfies") == 1


def test_a_verdict_after_the_erasure_is_discarded(world: World) -> None:
    guest = world.guest(world.event())
    world.upload(guest)
    job = world.selfies.claim(30)
    assert job
    world.publish(ChangeKind.USER_ERASED, user_id=guest)
    world.follower.catch_up()
    assert not world.selfies.accept(job, face(1), world.judge).in_time
    assert world.count("people") == 0


def join_after_the_erasure(world: World) -> int:
    guest, event = uuid4(), world.event()
    world.publish(ChangeKind.USER_ERASED, user_id=guest)
    world.publish(ChangeKind.JOINED, event_id=event, user_id=guest)
    world.follower.catch_up()
    return world.count("people") + world.count("enrolments")


def test_an_erased_guest_cannot_join(world: World) -> None:
    assert join_after_the_erasure(world) == 0


def test_control_without_tombstones_an_erased_guest_is_restored(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "bury", lambda *_: None)
    assert join_after_the_erasure(world) == 2


def join_after_the_deletion(world: World) -> tuple[int, int]:
    """The enrolments and events of a guest of two events after one is deleted and reappears in the feed."""
    event = world.event()
    guest = world.guest(event, world.event())
    world.publish(ChangeKind.EVENT_DELETED, event_id=event)
    world.publish(ChangeKind.EVENT_UPDATED, event_id=event)
    world.publish(ChangeKind.JOINED, event_id=event, user_id=guest)
    world.follower.catch_up()
    return len(world.state(guest).events), world.count("events")


def test_deleting_an_event_ends_its_enrolments_permanently(world: World) -> None:
    assert join_after_the_deletion(world) == (1, 1)


def test_control_without_tombstones_a_deleted_event_is_restored(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "bury", lambda *_: None)
    assert join_after_the_deletion(world) == (2, 2)


def test_a_reopened_event_accepts_selfies_again(world: World) -> None:
    event = world.event(closed=True)
    guest = world.guest(event)
    world.publish(ChangeKind.EVENT_UPDATED, event_id=event, closed=False)
    world.upload(guest)
    assert world.count("selfies") == 1


def test_changes_meant_only_for_open_pages_are_skipped_without_a_log_line(world: World) -> None:
    world.feed.changes.append(auth_pb2.Change(sequence=1, kind=auth_pb2.Change.KIND_WAITING, event_id=str(uuid4())))
    with capture_logs() as logs:
        world.follower.catch_up()
    assert world.changes.cursor() == 1
    assert [entry for entry in logs if entry["log_level"] == "warning"] == []
