"""Migrations: each service owns one schema and its Alembic versions."""

from pathlib import Path
from threading import Event

from alembic import command, context
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, pool, text
from sqlalchemy.exc import OperationalError

from kit.db.engine import driver_url
from kit.errors import DatabaseUnavailable
from kit.telemetry.logs import get_logger

POLL_S = 1.0

log = get_logger()

# No statement waits forever. The role has these settings rather than a session, which works through a pooler, too.
ROLE_TIMEOUTS = {
    "idle_in_transaction_session_timeout": "5s",
    "lock_timeout": "2s",
    "statement_timeout": "30s",
}


def migrate(url: str, schema: str, location: Path, version: str = "head") -> None:
    """Migrates `schema` to a version in `location`, the newest by default; safe to run from several processes at once.

    A schema newer than all of them is left unchanged: the previous version works with it.
    Raises DatabaseUnavailable.
    """
    try:
        _migrate(url, schema, location, version)
    except OperationalError as error:
        raise DatabaseUnavailable from error


def _migrate(url: str, schema: str, location: Path, version: str) -> None:
    engine = create_engine(driver_url(url), poolclass=pool.NullPool, connect_args={"connect_timeout": 5})
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL lock_timeout = '60s'"))
        connection.execute(text("SET LOCAL statement_timeout = 0"))  # the role's setting is for requests
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('minois migrations'))"))
        for setting, value in ROLE_TIMEOUTS.items():
            connection.execute(text(f"ALTER ROLE CURRENT_USER SET {setting} = '{value}'"))
        if connection.scalar(text("SELECT to_regnamespace(:schema)"), {"schema": schema}) is None:
            # Not IF NOT EXISTS: it needs the privilege to create schemas even if the schema exists.
            connection.execute(text(f"CREATE SCHEMA {schema}"))
        found = _find_version(connection, schema)
        if found is not None and found not in _list_versions(ScriptDirectory(str(location))):
            log.info(f"The schema {schema} is newer than this version: it is at {found}.", action="schema_newer")
            return
        config = Config()
        config.set_main_option("script_location", str(location))
        config.attributes.update(connection=connection, schema=schema)
        command.upgrade(config, version)


def await_schema(url: str, schema: str, location: Path, stop: Event) -> bool:
    """Waits until `schema` is at the newest version in `location` or a newer one; returns False if `stop` is set
    first."""
    script = ScriptDirectory(str(location))
    earlier = _list_versions(script) - {script.get_current_head()}
    reason = ""
    while not stop.is_set():
        try:
            version = _read_version(url, schema)
        except OperationalError:
            version, found = None, "the database is unavailable"
        else:
            found = f"it is at version {version}" if version else "it does not exist"
        if version and version not in earlier:
            return True
        if found != reason:
            reason = found
            log.info(f"Waiting for the migrations of the schema {schema}: {reason}.", action="awaiting_schema")
        stop.wait(POLL_S)
    return False


def _read_version(url: str, schema: str) -> str | None:
    """The version of a schema; None if it does not exist. Raises OperationalError."""
    engine = create_engine(driver_url(url), poolclass=pool.NullPool, connect_args={"connect_timeout": 5})
    with engine.connect() as connection:
        return _find_version(connection, schema)


def _find_version(connection: Connection, schema: str) -> str | None:
    table = f"{schema}.alembic_version"
    if connection.scalar(text("SELECT to_regclass(:table)"), {"table": table}) is None:
        return None
    version: str | None = connection.scalar(text(f"SELECT version_num FROM {table}"))
    return version


def _list_versions(script: ScriptDirectory) -> set[str]:
    return {revision.revision for revision in script.walk_revisions()}


def run() -> None:
    """Runs the migrations; called by each service's `migrations/env.py`."""
    attributes = context.config.attributes
    context.configure(connection=attributes["connection"], version_table_schema=attributes["schema"])
    with context.begin_transaction():
        context.run_migrations()
