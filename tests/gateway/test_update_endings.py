"""Streams end, and tokens are rejected, after the end of the account or the session."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from protos.auth.v1 import auth_pb2
from tests.gateway.updates import LiveWorld, live_world, signed, until_mark
from tests.gateway.world import problem
from tests.selfie.world import wait_until


@pytest.fixture(scope="module")
def world() -> Iterator[LiveWorld]:
    """Shared by the tests; each test has its own users."""
    with live_world(coalesce_s=0.05) as world:
        yield world


def test_pages_of_an_erased_user_end_and_cannot_reconnect(world: LiveWorld) -> None:
    ann, bob = uuid4(), uuid4()
    with world.open(ann) as page, world.open(bob) as other:
        world.changes.add(auth_pb2.Change.KIND_USER_ERASED, ann)
        assert page.rest() == []
        assert problem(world.refuse(ann)) == (401, "invalid_token")
        assert until_mark(world, other, bob) == []


@pytest.mark.parametrize("has_list", [True, False])
def test_a_user_erased_before_the_gateway_started_cannot_open_a_page(has_list: bool) -> None:
    """The list of ended sessions contains the user. The control: without their entry, the token opens a page."""
    ann, bob = uuid4(), uuid4()
    with live_world(erased=ann if has_list else None) as world:
        wait_until(lambda: world.ended.read_count == has_list)
        with world.open(bob):
            pass
        if has_list:
            assert problem(world.refuse(ann)) == (401, "invalid_token")
        else:
            with world.open(ann) as page:
                assert page.hello


def test_a_page_opened_before_the_list_was_read_ends_with_its_session() -> None:
    ann = uuid4()
    with live_world() as world, world.open(ann) as page:
        world.ended.erase(ann)
        assert page.rest() == []
        assert problem(world.refuse(ann)) == (401, "invalid_token")


def test_only_the_streams_of_an_ended_session_end(world: LiveWorld) -> None:
    ann, ended, kept = uuid4(), uuid4(), uuid4()
    with world.open(ann, session_id=ended) as page, world.open(ann, session_id=kept) as other:
        world.ended.add(ended)
        assert page.rest() == []
        assert until_mark(world, other, ann) == []
    refused = world.client.get("/api/updates", headers=signed(ann, 3600, ended))
    assert problem(refused) == (401, "invalid_token")


def test_a_body_of_an_ended_session_is_not_read(world: LiveWorld) -> None:
    ann, ended = uuid4(), uuid4()
    headers = signed(ann, 3600, ended)
    with world.open(ann, session_id=ended) as page:
        assert world.client.post("/api/join-event", json={"event_code": "C"}, headers=headers).status_code == 200
        world.ended.add(ended)
        page.rest()
    refused = world.client.post("/api/join-event", json={"event_code": "C"}, headers=headers)
    assert problem(refused) == (401, "invalid_token")
