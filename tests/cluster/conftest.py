"""The manifests as kubectl builds them. Tests without their tools are skipped, unless MINOIS_CLUSTER=required."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, text

from kit.db.engine import create_db, driver_url
from kit.db.migrations import migrate
from tests.cluster import manifests, tools
from tests.cluster.manifests import K8S, Manifests
from tests.cluster.simulated import control as control
from tests.cluster.simulated import nodes as nodes
from tests.cluster.simulated import production as production
from tests.harness.fixtures import SCHEMAS

VARIANTS = ("local", "production", "everything")


@pytest.fixture(scope="session")
def tool() -> Callable[..., Any]:
    """The result of a function of `tools`; skips the test if the tool is missing."""

    def find(install: Callable[..., Any], *arguments: str) -> Any:
        try:
            return install(*arguments)
        except tools.NoProgram as reason:
            if os.environ.get("MINOIS_CLUSTER") == "required":
                raise
            pytest.skip(str(reason))

    return find


@pytest.fixture(scope="session")
def built(tool: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Manifests]:
    """Each overlay, and the one for production with all components."""
    tool(tools.kubectl)
    overlays = {name: manifests.build(K8S / "overlays" / name) for name in ("local", "production")}
    return {**overlays, "everything": manifests.build_everything(tmp_path_factory.mktemp("everything"))}


@pytest.fixture(params=VARIANTS)
def variant(request: pytest.FixtureRequest, built: dict[str, Manifests]) -> Manifests:
    return built[request.param]


@pytest.fixture(scope="session")
def database(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A database with the schemas of all services, as their role."""
    admin = create_engine(driver_url(postgres), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("CREATE DATABASE minois OWNER minois"))
    admin.dispose()
    url = postgres.replace("postgres:@/postgres", "minois:@/minois")
    for schema, package in SCHEMAS.items():
        migrate(url, schema, Path(str(package.__file__)).parent / "migrations")
    engine = create_db(url, 2, 0, "test")
    yield engine
    engine.dispose()
