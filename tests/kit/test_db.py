"""The database: lost connections, and errors without parameters."""

import re
import traceback
from collections.abc import Callable

import pytest
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from kit.db.engine import create_db, driver_url, transaction
from kit.errors import DatabaseUnavailable

SECRET = "gina@example.org"


@pytest.fixture
def db(make_db: Callable[[str], Engine]) -> Engine:
    """A database with the schema of auth_service."""
    return make_db("auth")


def kill(db: Engine, connection: Connection) -> None:
    """Terminates the backend of another connection."""
    pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
    with db.connect() as killer:
        killer.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})


def test_a_transaction_commits_completely_or_not_at_all(db: Engine) -> None:
    with transaction(db) as connection:
        connection.execute(text("INSERT INTO auth.tombstones (id) VALUES (gen_random_uuid())"))
    with pytest.raises(DBAPIError):
        execute(db, "INSERT INTO auth.tombstones (id) SELECT gen_random_uuid(); SELECT 1 / 0")
    with transaction(db) as connection:
        assert connection.execute(text("SELECT count(*) FROM auth.tombstones")).scalar_one() == 1
        assert connection.execute(text("SHOW transaction_isolation")).scalar_one() == "read committed"


def lose_connection(db: Engine, query: str) -> None:
    with transaction(db) as connection:
        kill(db, connection)
        connection.execute(text(query), {"secret": SECRET})


def test_a_lost_connection_raises_unavailable_and_the_next_call_works(db: Engine) -> None:
    with pytest.raises(DatabaseUnavailable) as raised:
        lose_connection(db, "SELECT :secret")
    assert SECRET not in f"{raised.value} {raised.value.__cause__}"
    with transaction(db) as connection:
        assert connection.execute(text("SELECT 1")).scalar_one() == 1


def test_a_dead_pooled_connection_is_replaced_transparently(db: Engine) -> None:
    other = create_db(db.url.render_as_string(hide_password=False), 1, 0, "other")
    with transaction(db) as connection:
        pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
    with transaction(other) as connection:
        connection.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
    other.dispose()
    with transaction(db) as connection:
        assert connection.execute(text("SELECT 1")).scalar_one() == 1


def begin(db: Engine) -> None:
    with transaction(db):
        pass


def test_an_unreachable_database_is_unavailable() -> None:
    with pytest.raises(DatabaseUnavailable):
        begin(create_db("postgresql://minois@127.0.0.1:1/nothing", 1, 0, "test"))


def test_a_pool_without_a_free_connection_is_unavailable(db: Engine) -> None:
    small = create_db(db.url.render_as_string(hide_password=False), 1, 0, "test")
    small.pool._timeout = 0.05  # type: ignore[attr-defined]
    with transaction(small), pytest.raises(DatabaseUnavailable):
        begin(small)
    begin(small)
    small.dispose()


def execute(db: Engine, query: str) -> None:
    with transaction(db) as connection:
        connection.execute(text(query), {"secret": SECRET})


ERRORS = {
    "SELECT 1 / 0 WHERE CAST(:secret AS text) IS NOT NULL": DBAPIError,
    "INSERT INTO auth.users (username) VALUES (:secret)": IntegrityError,  # PostgreSQL's DETAIL shows the row
    "SELECT :secret FROM auth.nothing": DBAPIError,  # its LINE shows the statement with the parameters
}


def fail(db: Engine, query: str) -> str:
    """The traceback of a failing query, as a log shows it."""
    with pytest.raises(ERRORS[query]) as raised:
        execute(db, query)
    return "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize("query", ERRORS)
def test_an_error_is_passed_on_without_parameters(db: Engine, query: str) -> None:
    logged = fail(db, query)
    assert SECRET not in logged
    assert "hide_parameters" in logged
    assert re.search("division by zero|violates not-null|does not exist", logged)


@pytest.mark.parametrize("query", ERRORS)
def test_control_a_plain_engine_shows_the_parameters(db: Engine, query: str) -> None:
    bare = create_engine(db.url)
    try:
        assert SECRET in fail(bare, query)
    finally:
        bare.dispose()


def test_connections_have_an_application_name(db: Engine) -> None:
    with transaction(db) as connection:
        assert connection.execute(text("SHOW application_name")).scalar_one() == "test"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://host/name", "postgresql+psycopg2://host/name"),
        ("postgres://host/name", "postgresql+psycopg2://host/name"),
        ("postgresql+psycopg2://host/name", "postgresql+psycopg2://host/name"),
    ],
)
def test_every_database_url_gets_the_driver(url: str, expected: str) -> None:
    assert driver_url(url) == expected
