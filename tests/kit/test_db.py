"""The database: what a lost connection means, and what an error shows."""

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
    """Ends the server's side of another connection."""
    pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
    with db.connect() as killer:
        killer.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})


def test_a_transaction_commits_or_leaves_nothing(db: Engine) -> None:
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


def test_a_lost_connection_is_an_unavailable_database_and_the_next_call_works(db: Engine) -> None:
    with pytest.raises(DatabaseUnavailable) as raised:
        lose_connection(db, "SELECT :secret")
    assert SECRET not in f"{raised.value} {raised.value.__cause__}"
    with transaction(db) as connection:
        assert connection.execute(text("SELECT 1")).scalar_one() == 1


def test_a_connection_that_died_in_the_pool_is_replaced_unseen(db: Engine) -> None:
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


def test_a_database_that_is_not_there_is_unavailable() -> None:
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
    "SELECT :secret FROM auth.nothing": DBAPIError,  # and its LINE the statement, where psycopg2 puts the parameters
}


def fail(db: Engine, query: str) -> str:
    """What a log shows of a query that fails."""
    with pytest.raises(ERRORS[query]) as raised:
        execute(db, query)
    return "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize("query", ERRORS)
def test_an_error_passes_through_and_shows_no_parameters(db: Engine, query: str) -> None:
    told = fail(db, query)
    assert SECRET not in told
    assert "hide_parameters" in told
    assert re.search("division by zero|violates not-null|does not exist", told)


@pytest.mark.parametrize("query", ERRORS)
def test_control_an_engine_that_is_not_ours_shows_them(db: Engine, query: str) -> None:
    bare = create_engine(db.url)
    try:
        assert SECRET in fail(bare, query)
    finally:
        bare.dispose()


def test_people_see_whose_connection_it_is(db: Engine) -> None:
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
def test_every_url_names_the_driver(url: str, expected: str) -> None:
    assert driver_url(url) == expected
