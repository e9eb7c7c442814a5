"""Long polls of the change feed: a waiting follower gets a change immediately, and followers share queries."""

from types import SimpleNamespace
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration

from auth_service.service.changes import Changes
from auth_service.store import ChangeStore, Stores
from protos.auth.v1 import auth_pb2 as pb
from tests.auth.scene import AuthScene


def wait_for_change(scene: AuthScene, wait_s: float) -> Any:
    """Starts a long poll; its `result()` is the response."""
    request = pb.ListChangesRequest(wait=Duration(seconds=int(wait_s), nanos=int(wait_s % 1 * 1e9)))
    return scene.stub.ListChanges.future(request, timeout=10, metadata=scene.as_service("selfie"))


def test_a_long_poll_returns_when_a_change_is_appended(scene: AuthScene) -> None:
    olga = scene.organiser()
    poll = wait_for_change(scene, 9)
    assert not poll.done()
    scene.event(olga)
    assert poll.result(timeout=5).changes[0].sequence == 1


def test_a_long_poll_without_a_change_returns_after_its_wait(scene: AuthScene, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr(scene.stopping, "wait", lambda timeout: waited.append(timeout))
    clock = iter(range(100))
    monkeypatch.setattr("auth_service.service.changes.time", SimpleNamespace(monotonic=lambda: next(clock)))
    assert scene.auth.changes.list_changes(0, 1, wait_s=3) == []
    assert waited == [0.1, 0.1], "each reading of the clock advances it by one second"


def count_questions(scene: AuthScene, monkeypatch: pytest.MonkeyPatch, changes: Changes) -> int:
    """Counts the queries for the newest change while five followers wait at the same moment."""
    asked: list[int] = []
    find_last = ChangeStore.find_last
    monkeypatch.setattr(ChangeStore, "find_last", lambda store: asked.append(1) or find_last(store))
    monkeypatch.setattr("auth_service.service.changes.time", SimpleNamespace(monotonic=lambda: 7.0))
    for _ in range(5):
        ends = iter([False, True])
        monkeypatch.setattr(scene.stopping, "wait", lambda _, ends=ends: next(ends))
        assert changes.list_changes(0, 1, wait_s=3) == []
    return len(asked)


def test_waiting_followers_share_one_query(scene: AuthScene, monkeypatch: pytest.MonkeyPatch) -> None:
    assert count_questions(scene, monkeypatch, scene.auth.changes) == 1


def test_control_without_sharing_every_follower_queries(scene: AuthScene, monkeypatch: pytest.MonkeyPatch) -> None:
    class Forgetful(Changes):
        def _find_last(self, now: float) -> int:
            return self._changes.find_last()

    assert count_questions(scene, monkeypatch, Forgetful(Stores(scene.db), scene.stopping)) == 5


@pytest.mark.parametrize("wait_s", [0, 0.05, -5])
def test_a_short_wait_returns_soon(scene: AuthScene, wait_s: float) -> None:
    assert list(wait_for_change(scene, wait_s).result(timeout=5).changes) == []


def test_a_wait_is_limited_to_twenty_seconds(scene: AuthScene, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float] = []
    monkeypatch.setattr(scene.auth.changes, "list_changes", lambda after, limit, wait_s, _: asked.append(wait_s) or [])
    for seconds in (19, 21, 315_576_000_000):
        request = pb.ListChangesRequest(wait=Duration(seconds=seconds))
        scene.stub.ListChanges(request, metadata=scene.as_service("selfie"))
    assert asked == [19, 20, 20]


def test_a_long_poll_ends_when_the_process_stops(scene: AuthScene) -> None:
    poll = wait_for_change(scene, 9)
    assert not poll.done()
    scene.stopping.set()
    assert list(poll.result(timeout=5).changes) == []
