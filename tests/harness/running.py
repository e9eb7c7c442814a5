"""Databases and servers, for one test or for all tests of a module."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc
from sqlalchemy import Engine, create_engine, text

from kit.db.engine import create_db, driver_url
from kit.rpc.identity import Verifier
from kit.rpc.server import Registration, Server
from kit.settings import ServerSettings
from tests.harness.database_pool import DatabasePool
from tests.harness.databases import VAULT

Serve = Callable[..., tuple[grpc.Channel, str]]


@contextmanager
def clean_databases(pool: DatabasePool) -> Iterator[Callable[[str], Engine]]:
    """Lends databases, each with the schema of one service and without rows of others; they are given back at the
    end."""
    lent: list[tuple[str, str, Engine]] = []

    def make(schema: str) -> Engine:
        name = pool.take(schema)
        lent.append((schema, name, create_db(url_of(pool.postgres, name), 10, 10, "test", VAULT)))
        return lent[-1][2]

    yield make
    for schema, name, engine in lent:
        engine.dispose()
        pool.give_back(schema, name)


@contextmanager
def running_servers(keys: Path) -> Iterator[Serve]:
    """Starts servers on free ports, each returned as a channel and an address; they stop at the end."""
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


def url_of(postgres: str, database: str) -> str:
    """The URL of a database for the role of the services."""
    return postgres.replace("postgres:@/postgres", f"minois:@/{database}")


def execute(postgres: str, statement: str) -> None:
    """Executes a statement as a superuser."""
    engine = create_engine(driver_url(postgres), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()
