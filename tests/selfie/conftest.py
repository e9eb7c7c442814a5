"""Fixtures for tests of selfie_service."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import grpc
import pytest
from sqlalchemy import Engine

from kit.rpc.identity import Signer
from tests.selfie.world import MakeWorld, World


@pytest.fixture
def make_world(
    make_db: Callable[[str], Engine],
    serve: Callable[..., grpc.Channel],
    signer: Callable[[str], Signer],
    tmp_path: Path,
) -> Iterator[MakeWorld]:
    """Makes a world; arguments inject broken twins for controls, such as `selfie_store=Unfenced`."""
    made: list[World] = []

    def make(**twins: Any) -> World:
        made.append(World(make_db("selfie"), serve, signer, tmp_path / f"files{len(made)}", **twins))
        return made[-1]

    yield make
    for world in made:
        world.close()


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    return make_world()


@pytest.fixture
def guest(world: World) -> UUID:
    """A guest of one event."""
    return world.guest(world.event())
