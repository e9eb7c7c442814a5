"""`python -m deploy.migrate` migrates all schemas, and waits until PostgreSQL is ready."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, text

from deploy.migrate import SERVICES
from kit.db.engine import driver_url
from tests.harness.fixtures import SCHEMAS

TABLES = text("SELECT table_schema FROM information_schema.tables WHERE table_name = 'alembic_version'")


@pytest.fixture
def missing(postgres: str, templates: dict[str, str]) -> Iterator[tuple[str, str]]:
    """The name and URL of a database that does not exist yet."""
    name = f"late_{uuid4().hex}"
    yield name, postgres.replace("postgres:@/postgres", f"minois:@/{name}")
    execute(postgres, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def execute(url: str, statement: str) -> None:
    engine = create_engine(driver_url(url), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


def test_every_service_with_a_schema_is_migrated() -> None:
    assert set(SERVICES) == set(SCHEMAS)


def test_migrate_waits_for_the_database_and_can_run_again(postgres: str, missing: tuple[str, str]) -> None:
    name, url = missing
    environment = {**os.environ, "DATABASE_URL": url, "LOG_FORMAT": "json"}
    command = [sys.executable, "-m", "deploy.migrate"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        first = json.loads(next(process.stdout))
        assert (first["action"], name in first["reason"]) == ("waiting", True)
        execute(postgres, f"CREATE DATABASE {name} OWNER minois")
        process.stdout.read()
        assert process.wait() == 0
    assert subprocess.run(command, env=environment, check=False).returncode == 0
    engine = create_engine(driver_url(url))
    with engine.connect() as connection:
        assert set(connection.execute(TABLES).scalars()) == set(SCHEMAS)
    engine.dispose()


def test_an_invalid_setting_is_reported_immediately_in_one_line() -> None:
    environment = {**os.environ, "DATABASE_URL": "mysql://elsewhere"}
    command = [sys.executable, "-m", "deploy.migrate"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert done.stderr.startswith("settings: DATABASE_URL")
