"""Live updates of open pages: fan-out, resuming, and their end."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from uuid import UUID, uuid4

import grpc
import pytest

from gateway.updates import hub
from gateway.updates.page import Hint, OpenPage
from gateway.updates.schemas import Kind
from kit.rpc.identity import USER, Caller
from protos.auth.v1 import auth_pb2
from tests.gateway.updates import ONE, OTHER, Heard, LiveWorld, Page, count, live_world, signed, until_mark
from tests.gateway.world import SIGNED, problem, running_world
from tests.selfie.world import wait_until


@pytest.fixture(scope="module")
def world() -> Iterator[LiveWorld]:
    """Shared by the tests; each test has its own users."""
    with live_world(coalesce_s=0.05) as world:
        yield world


def test_a_page_receives_only_the_updates_of_its_user(world: LiveWorld) -> None:
    ann, bob = uuid4(), uuid4()
    with world.open(ann) as page, world.open(bob) as other:
        assert page.answer.headers["content-type"].startswith("text/event-stream")
        assert page.answer.headers["cache-control"] == "private, no-store"
        world.photos(ann)
        assert until_mark(world, page, ann) == [("photos", ONE)]
        world.selfie(ann)
        assert page.next().kind == "selfie"
        assert until_mark(world, other, bob) == [], "other users get no update"
        world.photos(ann, bob, event_id=OTHER)
        assert until_mark(world, page, ann) == until_mark(world, other, bob) == [("photos", OTHER)]


def test_every_page_of_a_user_receives_updates(world: LiveWorld) -> None:
    ann = uuid4()
    with world.open(ann) as one, world.open(ann) as other:
        world.photos(ann)
        assert (one.next().kind, other.next().kind) == ("photos", "photos")


def test_a_page_is_notified_when_its_user_joins_or_leaves_or_the_event_is_deleted(world: LiveWorld) -> None:
    ann = uuid4()
    with world.open(ann) as page:
        for kind in (auth_pb2.Change.KIND_JOINED, auth_pb2.Change.KIND_LEFT):
            event = str(uuid4())
            world.changes.add(kind, ann, event)
            assert (heard := page.next()).kind == "events"
            assert heard.data == {"event_id": event}
        world.changes.add(auth_pb2.Change.KIND_JOINED, uuid4(), ONE)
        world.photos(ann, deleted=True)
        assert until_mark(world, page, ann) == [("events", ONE)]


def test_only_the_members_of_a_changed_event_are_notified(world: LiveWorld) -> None:
    ann, bob, cleo, stranger = (uuid4() for _ in range(4))
    event = str(uuid4())
    world.members.of[event] = [ann, bob, cleo]
    with ExitStack() as pages:
        heard = [pages.enter_context(world.open(user_id)) for user_id in (ann, bob, cleo)]
        other = pages.enter_context(world.open(stranger))
        world.update_event(event)
        for page in heard:
            assert (update := page.next()).kind == "events"
            assert update.data == {"event_id": event, "within_s": 0.03}
        assert until_mark(world, other, stranger) == []


@pytest.mark.parametrize("faults", [["INTERNAL"], ["UNAVAILABLE"], ["INTERNAL", "DEADLINE_EXCEEDED"]])
def test_a_failed_read_of_members_delays_but_does_not_lose_the_hint(world: LiveWorld, faults: list[str]) -> None:
    ann, event = uuid4(), str(uuid4())
    world.members.of[event] = [ann]
    world.members.faults = [grpc.StatusCode[name] for name in faults]
    with world.open(ann) as page:
        world.update_event(event)
        assert page.next().data["event_id"] == event


def test_a_service_without_member_lists_delays_no_other_update(world: LiveWorld) -> None:
    """This happens when auth_service is upgraded last."""
    ann = uuid4()
    world.members.faults = [grpc.StatusCode.UNIMPLEMENTED]
    with world.open(ann) as page:
        world.update_event(str(uuid4()))
        wait_until(lambda: not world.members.faults)
        world.changes.add(auth_pb2.Change.KIND_JOINED, ann, ONE)
        assert page.next().data == {"event_id": ONE}


def test_many_changes_of_one_event_read_its_members_fewer_times(world: LiveWorld) -> None:
    ann, event = uuid4(), str(uuid4())
    world.members.of[event] = [ann]
    world.members.faults = [grpc.StatusCode.INTERNAL]  # meanwhile the other changes arrive
    with world.open(ann) as page:
        for _ in range(6):
            world.update_event(event)
        page.next()
        asked = [call for call in world.services.calls if call.method == "ListMemberIds"]
        assert len([call for call in asked if call.request.event_id == event]) < 6


def missed_by(world: LiveWorld, user_id: UUID, page: Page) -> list[Heard]:
    """Reconnects with the cursor of a page; returns the events before the next selfie."""
    with world.open(user_id, page.hello.id) as again:
        world.selfie(user_id)
        heard = [again.next()]
        while heard[-1].kind != "selfie":
            heard.append(again.next())
        return heard[:-1]


def test_a_reconnected_page_receives_what_it_missed(world: LiveWorld) -> None:
    ann = uuid4()
    with world.open(ann) as page:
        pass
    with world.open(ann) as witness:
        world.photos(uuid4(), ann)
        world.photos(ann, event_id=OTHER)
        ids = [witness.next().id, witness.next().id]
    missed = missed_by(world, ann, page)
    assert [(one.kind, one.data, one.id) for one in missed] == [
        ("photos", {"event_id": ONE}, ids[0]),
        ("photos", {"event_id": OTHER}, ids[1]),
    ]
    with world.open(ann, ids[0]) as again:
        assert again.next().id == ids[1], "only what came after its last event"


@pytest.mark.parametrize("cursor", ["0badb007-1", "nonsense", "-", "{boot}-999999", "{boot}-x", "{boot}--1"])
def test_an_unknown_cursor_causes_one_reload(world: LiveWorld, cursor: str) -> None:
    ann = uuid4()
    with world.open(ann) as page:
        boot = page.hello.id.partition("-")[0]
    with world.open(ann, cursor.format(boot=boot)) as again:
        assert (heard := again.next()).kind == "reload"
        assert heard.data == {"within_s": 0.0}
        assert until_mark(world, again, ann) == []


def test_an_outdated_cursor_causes_one_reload(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "MAX_KEPT", 3)
    with live_world() as world:
        ann = uuid4()
        with world.open(ann) as page:
            pass
        with world.open(ann) as witness:
            for _ in range(4):
                world.photos(ann, event_id=str(uuid4()))
                witness.next()
        with world.open(ann, page.hello.id) as again:
            assert again.next().kind == "reload"
            assert until_mark(world, again, ann) == []


def test_a_burst_of_changes_sends_at_most_two_hints() -> None:
    with live_world(coalesce_s=0.5) as world:
        ann = uuid4()
        with world.open(ann) as page:
            for _ in range(50):
                world.photos(ann)
            assert page.next().kind == "photos"
            started = time.monotonic()
            assert page.next().kind == "photos"
            assert time.monotonic() - started > 0.3
            assert until_mark(world, page, ann) == []


def test_a_stream_ends_with_its_token(world: LiveWorld) -> None:
    ann = uuid4()
    expires_at = int(time.time()) + 2
    with world.open(ann, ttl_s=2) as page, world.open(ann) as control:
        page.rest()
        assert expires_at - 0.1 <= time.time() < expires_at + 5
        assert until_mark(world, control, ann) == []


def test_updates_need_a_valid_token(world: LiveWorld) -> None:
    for headers in ({}, {"authorization": "Bearer x.y.z"}, signed(uuid4(), -60)):
        assert problem(world.client.get("/api/updates", headers=headers)) == (401, "invalid_token")


def test_updates_accept_the_cookie_of_a_page(world: LiveWorld) -> None:
    token = signed(uuid4(), 60)["authorization"].removeprefix("Bearer ")
    with world.client.stream("GET", "/api/updates", headers={"cookie": f"minois_token={token}"}) as answer:
        assert answer.status_code == 200


def test_without_a_signing_key_updates_are_unavailable() -> None:
    with running_world() as world:
        assert problem(world.client.get("/api/updates", headers=SIGNED)) == (503, "service_unavailable")
        assert problem(world.client.get("/api/updates")) == (401, "invalid_token")
        assert world.services.calls == []


def test_head_of_the_stream_ends_immediately(world: LiveWorld) -> None:
    ann = uuid4()
    for _ in range(10):
        assert world.client.head("/api/updates", headers=signed(ann, 60)).status_code == 200


def test_a_silent_stream_is_kept_alive() -> None:
    with live_world(keep_alive_s=0.2) as world, world.open(uuid4()) as page:
        for _ in range(3):
            page.next_comment()


@pytest.mark.parametrize("what", ["matches", "selfies"])
def test_after_a_lost_stream_every_page_reloads(what: str) -> None:
    with live_world() as world, world.open(ann := uuid4()) as page, world.open(uuid4()) as other:
        begun = count(what)
        getattr(world, what).end()
        wait_until(lambda: count(what) > begun)
        assert [(heard.kind, heard.data) for heard in (page.next(), other.next())] == 2 * [
            ("reload", {"within_s": 5.0})
        ]
        with world.open(ann, page.hello.id) as again:
            assert again.next().kind == "reload", "a page that was disconnected meanwhile reloads, too"
        assert until_mark(world, page, ann) == []


@pytest.mark.parametrize("what", ["matches", "selfies"])
def test_a_rotated_stream_causes_no_reload(what: str) -> None:
    with live_world(rotate_s=1) as world, world.open(ann := uuid4()) as page:
        begun = count(what)
        wait_until(lambda: count(what) > begun + 2)
        assert until_mark(world, page, ann) == []


def test_the_pending_hints_of_a_slow_page_collapse_into_one_reload() -> None:
    user_id = uuid4()
    page = OpenPage(Caller(USER, user_id), "boot", 0)
    for number in range(1000):
        page.add(number, Hint(Kind.PHOTOS, user_id, str(uuid4())))
    assert len(page._pending) == 1
    page.add(1001, Hint(Kind.RELOAD, None))
    assert len(page._pending) == 1
