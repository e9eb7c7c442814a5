"""The limits of open pages, per user and in total."""

from contextlib import ExitStack
from uuid import UUID, uuid4

from gateway.http.limits import Bounds
from tests.gateway.updates import LiveWorld, live_world, signed
from tests.gateway.world import SIGNED, problem
from tests.selfie.world import wait_until


def test_the_open_pages_are_limited_per_user() -> None:
    with live_world(bounds=Bounds(streams_per_user=2)) as world, ExitStack() as pages:
        ann = uuid4()
        first = world.open(ann)
        pages.enter_context(world.open(ann))
        answer = world.refuse(ann)
        assert problem(answer) == (429, "too_many_streams")
        assert int(answer.headers["retry-after"]) > 0
        pages.enter_context(world.open(uuid4()))
        first.__exit__(None, None, None)
        wait_until(lambda: is_open(world, ann))


def is_open(world: LiveWorld, user_id: UUID) -> bool:
    """Whether another page can be opened."""
    with world.client.stream("GET", "/api/updates", headers=signed(user_id, 3600)) as answer:
        return answer.status_code == 200


def test_a_page_above_the_limit_is_shed_without_using_other_slots() -> None:
    with live_world(bounds=Bounds(updates=1, requests=1, waiting=0)) as world:
        with world.open(uuid4()):
            assert problem(world.refuse(uuid4())) == (503, "overloaded")
            assert world.client.get("/api/my-photos", headers=SIGNED).status_code == 200
        wait_until(lambda: is_open(world, uuid4()))
