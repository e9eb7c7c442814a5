"""Fixtures for tests of matcher_service."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import pytest
from sqlalchemy import Engine

from kit.db.notices import Notices
from kit.rpc.identity import Signer
from matcher_service.store.hints import HINTS_CHANNEL
from tests.matcher.calls import Service
from tests.matcher.looks import LooksWorld
from tests.matcher.removals import Asked
from tests.matcher.roles import Party
from tests.matcher.world import MakeWorld, World


@pytest.fixture
def make_world(make_db: Callable[[str], Engine], tmp_path: Path) -> MakeWorld:
    """Makes a world; arguments inject broken twins for controls, such as `match_store=DeleteThenInsert`."""

    def make(**twins: Any) -> World:
        return World(make_db("matcher"), tmp_path / "blobs", **twins)

    return make


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    return make_world()


@pytest.fixture
def service(
    make_db: Callable[[str], Engine],
    tmp_path: Path,
    serve: Callable[..., grpc.Channel],
    signer: Callable[[str], Signer],
) -> Service:
    world = World(make_db("matcher"), tmp_path / "blobs")
    services = world.registrations(Notices("", HINTS_CHANNEL), signer("matcher"))
    return Service(world, serve(*services), signer)


@pytest.fixture
def party(service: Service) -> Party:
    return Party(service)


@pytest.fixture
def make_asked(make_db: Callable[[str], Engine], tmp_path: Path) -> Callable[..., Asked]:
    return lambda **twins: Asked(LooksWorld(make_db("matcher"), tmp_path / "blobs", **twins))


@pytest.fixture
def asked(make_asked: Callable[..., Asked]) -> Asked:
    return make_asked()
