"""Fixtures: a gateway in front of scripted services, shared by the tests of a module and reset before each."""

from collections.abc import Iterator

import pytest

from tests.gateway.world import World, running_world


@pytest.fixture(scope="module")
def shared() -> Iterator[World]:
    with running_world() as world:
        yield world


@pytest.fixture
def world(shared: World) -> World:
    shared.reset()
    return shared
