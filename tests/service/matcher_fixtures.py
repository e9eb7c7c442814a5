"""Worlds for tests of matcher_service; a test module names those that it uses."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from tests.service.matcher_world import World

MakeWorld = Callable[..., World]


@pytest.fixture
def make_world(make_db: Callable[[str], Engine], tmp_path: Path) -> MakeWorld:
    """Makes a world, also one with a broken twin for a control, such as `match_store=DeleteThenInsert`."""

    def make(**twins: Any) -> World:
        return World(make_db("matcher"), tmp_path / "blobs", **twins)

    return make


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    return make_world()
