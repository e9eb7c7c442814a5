"""A gateway before scripted services; a test module names the fixtures, and shares one gateway among its tests."""

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
