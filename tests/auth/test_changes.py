"""The change feed: each act appends exactly its changes, without gaps, in commit order."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event as Signal
from typing import Any
from uuid import UUID, uuid4

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.wrappers_pb2 import BoolValue
from sqlalchemy import Connection, text

from auth_service.domain import Change, ChangeKind
from auth_service.store import ChangeStore
from auth_service.store.changes import append_change
from kit.feed import Follower
from kit.rpc.timestamps import to_timestamp
from protos.auth.v1 import auth_pb2 as pb
from tests.auth.scene import AuthScene, register_form
from tests.auth.test_events import LATER
from tests.harness.calls import bearer, raises_fault

Append = Callable[[Connection, UUID], None]


def summarize(change: pb.Change) -> tuple[Any, ...]:
    """A change without its sequence number and time."""
    assert change.HasField("change_time")
    ends = change.expire_time if change.HasField("expire_time") else None
    return change.kind, change.event_id, change.user_id, change.role, change.closed, ends


def joined(event: str, user: str, role: int = pb.ROLE_GUEST) -> tuple[Any, ...]:
    return pb.Change.KIND_JOINED, event, user, role, False, None


def left(event: str, user: str) -> tuple[Any, ...]:
    return pb.Change.KIND_LEFT, event, user, pb.ROLE_UNSPECIFIED, False, None


def updated(event: str, closed: bool = False, ends: object = None) -> tuple[Any, ...]:
    return pb.Change.KIND_EVENT_UPDATED, event, "", pb.ROLE_UNSPECIFIED, closed, ends


class Expectation:
    """Compares the changes that each act appends, and their sequence numbers."""

    def __init__(self, scene: AuthScene, subtests: pytest.Subtests) -> None:
        self._scene, self._subtests = scene, subtests
        self._last = len(scene.changes())

    def __call__(self, act: str, *expected: tuple[Any, ...]) -> None:
        changes = self._scene.changes(self._last)
        self._last += len(expected)
        with self._subtests.test(act=act):
            assert [summarize(change) for change in changes] == list(expected)
            assert [change.sequence for change in self._scene.changes()] == list(range(1, self._last + 1))


def test_every_act_on_members_appends_exactly_its_changes(scene: AuthScene, subtests: pytest.Subtests) -> None:
    olga, sven, stub = scene.organiser("olga"), scene.stranger("sven"), scene.stub
    assert scene.changes() == []
    expect = Expectation(scene, subtests)
    event = scene.event(olga)
    event_id = event.event_id
    expect("make an event", updated(event_id), joined(event_id, olga.user_id, pb.ROLE_ORGANISER))
    form = register_form(event, "gina")
    gina = stub.Register(form)
    expect("register", joined(event_id, gina.user_id))
    stub.Register(form)
    expect("register again")
    join = pb.JoinEventRequest(event_code=event.event_code)
    stub.JoinEvent(join, metadata=sven.metadata)
    expect("join", joined(event_id, sven.user_id))
    stub.JoinEvent(join, metadata=sven.metadata)
    expect("join again")
    leave = pb.LeaveEventRequest(event_id=event_id)
    stub.LeaveEvent(leave, metadata=sven.metadata)
    expect("leave", left(event_id, sven.user_id))
    remove = pb.LeaveEventRequest(event_id=event_id, user_id=sven.user_id)
    stub.LeaveEvent(remove, metadata=olga.metadata)
    expect("remove a user who is not a guest")
    stub.JoinEvent(join, metadata=sven.metadata)
    stub.LeaveEvent(remove, metadata=olga.metadata)
    expect("remove", joined(event_id, sven.user_id), left(event_id, sven.user_id), updated(event_id))
    stub.DeleteUser(pb.DeleteUserRequest(), metadata=bearer(gina.tokens.access_token))
    expect("erase a guest", (pb.Change.KIND_USER_ERASED, "", gina.user_id, pb.ROLE_UNSPECIFIED, False, None))


def test_every_act_on_an_event_appends_exactly_its_changes(scene: AuthScene, subtests: pytest.Subtests) -> None:
    olga, stub = scene.organiser("olga"), scene.stub
    event_id = scene.event(olga).event_id
    expect = Expectation(scene, subtests)
    for closed in (True, False):
        update = pb.UpdateEventRequest(event_id=event_id, closed=BoolValue(value=closed))
        stub.UpdateEvent(update, metadata=olga.metadata)
        expect("close or open", updated(event_id, closed))
    update = pb.UpdateEventRequest(event_id=event_id, expire_time=to_timestamp(LATER))
    stub.UpdateEvent(update, metadata=olga.metadata)
    expect("set an end", updated(event_id, ends=to_timestamp(LATER)))
    stub.DeleteEvent(pb.DeleteEventRequest(event_id=event_id), metadata=olga.metadata)
    deleted = (pb.Change.KIND_EVENT_DELETED, event_id, "", pb.ROLE_UNSPECIFIED, False, None)
    expect("delete the event", deleted, left(event_id, olga.user_id))


def test_a_rejected_act_and_a_read_append_no_change(scene: AuthScene, subtests: pytest.Subtests) -> None:
    olga = scene.organiser("olga")
    event, expect = scene.event(olga), Expectation(scene, subtests)
    greg = scene.guest(event)
    expect("join", joined(event.event_id, greg.user_id))
    with raises_fault(grpc.StatusCode.PERMISSION_DENIED, "ORGANISER_ONLY"):
        scene.event(greg)
    expect("be rejected")
    scene.stub.GetUser(pb.GetUserRequest(), metadata=olga.metadata)
    expect("read")


def test_the_feed_is_paginated(scene: AuthScene, subtests: pytest.Subtests) -> None:
    olga = scene.organiser()
    for _ in range(3):
        scene.event(olga)

    def list_changes(after: int, size: int = 0) -> list[int]:
        request = pb.ListChangesRequest(after=after, page_size=size)
        answer = scene.stub.ListChanges(request, metadata=scene.as_service("matcher"))
        return [change.sequence for change in answer.changes]

    for after, size, expected in [
        (0, 0, [1, 2, 3, 4, 5, 6]),
        (0, 2, [1, 2]),
        (2, 1000, [3, 4, 5, 6]),
        (5, 1, [6]),
        (6, 1, []),
        (2**62, 1, []),
        (-1, 1, [1]),
    ]:
        with subtests.test(after=after, size=size):
            assert list_changes(after, size) == expected
    for size in (-1, 1001, 2**31 - 1):
        with subtests.test(size=size), raises_fault(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_PAGE"):
            list_changes(0, size)


def test_only_followers_read_the_feed_and_services_are_not_users(scene: AuthScene) -> None:
    olga = scene.organiser()
    for name in ("selfie", "matcher", "gateway"):
        scene.stub.ListChanges(pb.ListChangesRequest(), metadata=scene.as_service(name))
        with raises_fault(grpc.StatusCode.PERMISSION_DENIED, "CALLER_NOT_ALLOWED"):
            scene.stub.GetUser(pb.GetUserRequest(), metadata=scene.as_service(name))
    for metadata in (olga.metadata, scene.as_service("auth")):
        with raises_fault(grpc.StatusCode.PERMISSION_DENIED, "CALLER_NOT_ALLOWED"):
            scene.stub.ListChanges(pb.ListChangesRequest(), metadata=metadata)
    with raises_fault(grpc.StatusCode.UNAUTHENTICATED, "INVALID_TOKEN"):
        scene.stub.ListChanges(pb.ListChangesRequest())


def follow(scene: AuthScene, seen: list[Change]) -> Follower[Change]:
    """A follower that stores its position as the services do."""
    store = ChangeStore(scene.db)
    return Follower(
        lambda after, _: store.list_changes(after, 3), lambda: seen[-1].sequence if seen else 0, seen.append
    )


def check_complete(scene: AuthScene, seen: list[Change]) -> None:
    """Asserts that a follower has seen every change once, in order, without gaps."""
    committed = ChangeStore(scene.db).list_changes(0, 10_000)
    assert [change.sequence for change in seen] == list(range(1, len(committed) + 1))
    assert seen == committed


def test_a_follower_misses_no_change_during_concurrent_joins(scene: AuthScene) -> None:
    event = scene.event(scene.organiser())
    people = [
        scene.sign("auth").sign(str(scene.auth.organisers.add(f"guest{n}", f"{n}@example.org", "correct horse")), 60)
        for n in range(24)
    ]
    seen: list[Change] = []
    follower, stop = follow(scene, seen), Signal()

    def follow_until_stop() -> None:
        while not stop.is_set():
            follower.catch_up()

    def join(token: str) -> None:
        scene.stub.JoinEvent(pb.JoinEventRequest(event_code=event.event_code), metadata=bearer(token))

    with ThreadPoolExecutor(12) as pool, ThreadPoolExecutor(1) as reader:
        following = reader.submit(follow_until_stop)
        list(pool.map(join, people))
        stop.set()
        following.result(timeout=10)
    follower.catch_up()
    check_complete(scene, seen)
    assert [change.kind for change in seen[2:]] == [ChangeKind.JOINED] * 24


def overlap(scene: AuthScene, append: Append) -> list[Change]:
    """Two transactions append; the one that began last commits first, unless it has to wait. Returns what a follower
    saw that read after each commit."""
    seen: list[Change] = []
    follower = follow(scene, seen)

    def append_and_commit() -> None:
        with scene.db.begin() as connection:
            append(connection, uuid4())

    with ThreadPoolExecutor(1) as pool:
        with scene.db.begin() as first:
            append(first, uuid4())
            second = pool.submit(append_and_commit)
            scene.wait_until_blocked_or_done(second)
            follower.catch_up()
        second.result(timeout=5)
    follower.catch_up()
    return seen


def test_changes_are_numbered_in_commit_order(scene: AuthScene) -> None:
    def append(connection: Connection, user_id: UUID) -> None:
        append_change(connection, ChangeKind.USER_ERASED, user_id=user_id)

    check_complete(scene, overlap(scene, append))


def test_control_numbers_from_a_sequence_lose_a_change(scene: AuthScene) -> None:
    """Numbers from a sequence, without a lock, commit out of order, and a follower misses one forever."""
    scene.sql("CREATE SEQUENCE auth.numbers")

    def append_drawn(connection: Connection, user_id: UUID) -> None:
        query = "INSERT INTO auth.changes (sequence, kind, user_id) VALUES (nextval('auth.numbers'), 'left', :user)"
        connection.execute(text(query), {"user": user_id})

    seen = overlap(scene, append_drawn)
    with pytest.raises(AssertionError):
        check_complete(scene, seen)


def test_a_rolled_back_change_leaves_no_gap(scene: AuthScene) -> None:
    seen: list[Change] = []
    with scene.db.begin() as connection:
        append_change(connection, ChangeKind.USER_ERASED, user_id=uuid4())
        connection.rollback()
    scene.event(scene.organiser())
    follow(scene, seen).catch_up()
    check_complete(scene, seen)
    assert len(seen) == 2


def test_a_new_follower_can_request_only_the_newest_change(scene: AuthScene) -> None:
    newest = pb.ListChangesRequest(newest=True, after=7, wait=Duration(seconds=20))
    metadata = scene.as_service("gateway")
    assert list(scene.stub.ListChanges(newest, metadata=metadata, timeout=5).changes) == []
    event = scene.event(scene.organiser())
    scene.guest(event)
    (change,) = scene.stub.ListChanges(newest, metadata=metadata).changes
    assert change == scene.changes()[-1]
