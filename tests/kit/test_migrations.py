"""Migrations: concurrent processes, atomicity, time limits, and waiting for a schema."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import Engine, text

from kit.db.migrations import await_schema, migrate

WAITING = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
"""
ENVIRONMENT = "from kit.db.migrations import run\n\nrun()\n"
VERSION = """
from alembic import op

revision = "0001"
down_revision = None


def upgrade():
    op.execute("CREATE TABLE probe.limits AS SELECT current_setting('statement_timeout') AS statement_timeout")
    {more}
"""


@pytest.fixture
def db(make_db: Callable[[str], Engine]) -> Engine:
    """A database without any schema of a service."""
    db = make_db("auth")
    execute(db, "DROP SCHEMA auth CASCADE")
    return db


def execute(db: Engine, query: str) -> list[tuple[object, ...]]:
    with db.begin() as connection:
        result = connection.execute(text(query))
        return [tuple(row) for row in result] if result.returns_rows else []


def write_versions(folder: Path, more: str = "pass") -> Path:
    (folder / "versions").mkdir()
    (folder / "env.py").write_text(ENVIRONMENT)
    (folder / "versions" / "0001_probe.py").write_text(VERSION.format(more=more))
    return folder


def url_of(db: Engine) -> str:
    return db.url.render_as_string(hide_password=False)


def test_concurrent_processes_migrate_once(db: Engine) -> None:
    environment = {"PATH": os.environ["PATH"], "DATABASE_URL": url_of(db)}
    with db.begin() as another:  # holds the lock until all processes wait for it
        another.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        another.execute(text("SELECT pg_advisory_xact_lock(hashtext('minois migrations'))"))
        running = [
            subprocess.Popen([sys.executable, "-m", service, "migrate"], env=environment, stdout=subprocess.DEVNULL)
            for service in ("auth_service", "auth_service", "matcher_service")
        ]
        while execute(db, WAITING) != [(3,)]:
            assert [process.poll() for process in running] == [None] * 3, "no process migrates without the lock"
    assert [process.wait(timeout=60) for process in running] == [0, 0, 0]
    for schema in ("auth", "matcher"):
        assert len(execute(db, f"SELECT * FROM {schema}.alembic_version")) == 1
    assert execute(db, "SELECT last FROM auth.feed") == [(0,)]


def test_a_migration_has_no_statement_timeout(db: Engine, tmp_path: Path) -> None:
    location = write_versions(tmp_path)
    for _ in range(2):
        migrate(url_of(db), "probe", location)
    assert execute(db, "SELECT * FROM probe.limits") == [("0",)]
    assert execute(db, "SHOW statement_timeout") == [("30s",)]


def test_a_failed_migration_is_rolled_back(db: Engine, tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        migrate(url_of(db), "probe", write_versions(tmp_path, more="1 / 0"))
    assert execute(db, "SELECT to_regnamespace('probe')") == [(None,)]


class Pause(Event):
    """A stop whose first wait calls `meanwhile`, and whose second wait sets it."""

    def __init__(self, meanwhile: Callable[[], None]) -> None:
        super().__init__()
        self._meanwhile = [meanwhile]

    def wait(self, timeout: float | None = None) -> bool:
        if self._meanwhile:
            self._meanwhile.pop()()
        else:
            self.set()
        return self.is_set()


def test_waiting_for_a_schema_ends_once_it_is_migrated(db: Engine, tmp_path: Path) -> None:
    location = write_versions(tmp_path)
    pause = Pause(lambda: migrate(url_of(db), "probe", location))
    assert await_schema(url_of(db), "probe", location, pause)


def test_control_waiting_for_an_unmigrated_schema_ends_with_the_stop(db: Engine, tmp_path: Path) -> None:
    assert not await_schema(url_of(db), "probe", write_versions(tmp_path), Pause(lambda: None))


@pytest.mark.parametrize(("version", "is_enough"), [("0000", False), ("0001", True), ("0002", True)])
def test_a_process_waits_for_an_older_schema_and_uses_a_newer_one(
    db: Engine, tmp_path: Path, version: str, is_enough: bool
) -> None:
    location = write_versions(tmp_path)
    newest = location / "versions" / "0001_probe.py"
    (location / "versions" / "0000_first.py").write_text(newest.read_text().replace('"0001"', '"0000"'))
    newest.write_text(VERSION.format(more="pass").replace("down_revision = None", 'down_revision = "0000"'))
    migrate(url_of(db), "probe", location, "0000")
    execute(db, f"UPDATE probe.alembic_version SET version_num = '{version}'")
    assert await_schema(url_of(db), "probe", location, Pause(lambda: None)) is is_enough


def test_the_previous_version_keeps_a_newer_schema(db: Engine, tmp_path: Path) -> None:
    """This happens after a rollback, when the Job of the older release runs again."""
    migrate(url_of(db), "probe", write_versions(tmp_path))
    execute(db, "UPDATE probe.alembic_version SET version_num = '0002'")
    migrate(url_of(db), "probe", tmp_path)
    assert execute(db, "SELECT version_num FROM probe.alembic_version") == [("0002",)]


def test_a_process_waits_for_an_unavailable_database(db: Engine, tmp_path: Path) -> None:
    nowhere = db.url.set(query={}, host="127.0.0.1", port=1).render_as_string(hide_password=False)
    assert not await_schema(nowhere, "probe", write_versions(tmp_path), Pause(lambda: None))
