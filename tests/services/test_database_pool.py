"""The databases of tests: no test finds what an earlier one left."""

from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from kit.db.engine import driver_url
from tests.harness.database_pool import MAX_USES, DatabasePool
from tests.harness.running import url_of

IDENTITY = "SELECT oid FROM pg_database WHERE datname = current_database()"
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'matcher'"
SEQUENCE = "SELECT last_value, is_called FROM matcher.erased_place_seq"
ROWS = (
    "UPDATE matcher.feed_cursor SET sequence = 7",
    "DELETE FROM matcher.encryption",
    "SELECT nextval('matcher.erased_place_seq')",
)
ALTERATIONS = (
    "CREATE TABLE matcher.more (id int)",
    "CREATE SCHEMA more",
    "ALTER TABLE matcher.photos ADD COLUMN more int",
    "ALTER TABLE matcher.feed_cursor ALTER COLUMN sequence SET DEFAULT 7",
    "CREATE FUNCTION matcher.more() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE INDEX more ON matcher.photos (event_id)",
    "GRANT SELECT ON matcher.photos TO PUBLIC",
    "DO $$ BEGIN EXECUTE format('ALTER ROLE minois IN DATABASE %I SET lock_timeout = 1', current_database()); END $$",
)


@pytest.fixture
def pool(postgres: str, templates: dict[str, str]) -> Iterator[DatabasePool]:
    pool = DatabasePool(postgres, templates)
    yield pool
    pool.close()


def query(pool: DatabasePool, name: str, *statements: str) -> list[str]:
    """Executes statements as the superuser; returns the rows of the last one."""
    engine = create_engine(driver_url(pool.postgres.replace("/postgres?", f"/{name}?")))
    with engine.begin() as connection:
        results = [connection.execute(text(statement)) for statement in statements]
        rows = [str(row) for row in results[-1]] if results[-1].returns_rows else []
    engine.dispose()
    return rows


def contents(pool: DatabasePool, name: str) -> list[str]:
    """The rows of all tables, and the state of the sequence."""
    tables = [row.strip("(',)") for row in query(pool, name, TABLES)]
    of_tables = [f"SELECT '{table}', json_agg(t)::text FROM matcher.{table} AS t" for table in tables]
    return sorted(query(pool, name, " UNION ALL ".join(of_tables))) + query(pool, name, SEQUENCE)


def test_a_database_is_lent_again_with_the_rows_of_its_template(pool: DatabasePool) -> None:
    first = pool.take("matcher")
    before, identity = contents(pool, first), query(pool, first, IDENTITY)
    query(pool, first, *ROWS)
    assert contents(pool, first) != before
    pool.give_back("matcher", first)
    second = pool.take("matcher")
    assert query(pool, second, IDENTITY) == identity
    assert contents(pool, second) == before
    pool.give_back("matcher", second)


@pytest.mark.parametrize("alteration", ALTERATIONS)
def test_a_database_with_an_altered_schema_is_not_lent_again(pool: DatabasePool, alteration: str) -> None:
    first = pool.take("matcher")
    identity = query(pool, first, IDENTITY)
    query(pool, first, alteration)
    pool.give_back("matcher", first)
    second = pool.take("matcher")
    assert query(pool, second, IDENTITY) != identity
    pool.give_back("matcher", second)


def test_an_earlier_test_cannot_connect_to_a_database_that_is_lent_again(pool: DatabasePool) -> None:
    first = pool.take("selfie")
    left_behind = create_engine(driver_url(url_of(pool.postgres, first)))
    with left_behind.connect():
        pool.give_back("selfie", first)
    second = pool.take("selfie")
    left_behind.dispose()
    with pytest.raises(OperationalError, match="does not exist"):
        left_behind.connect()
    pool.give_back("selfie", second)


def test_a_database_is_replaced_after_some_uses(pool: DatabasePool) -> None:
    identities = []
    for _ in range(MAX_USES + 1):
        name = pool.take("auth")
        identities += query(pool, name, IDENTITY)
        pool.give_back("auth", name)
    assert len(set(identities[:-1])) == 1
    assert identities[-1] != identities[0]
