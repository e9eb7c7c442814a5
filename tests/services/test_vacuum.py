"""Autovacuum of tables with personal data starts after a few deletions, so their space is reused."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from sqlalchemy import Engine, text

from tests.harness.migrations import downgrade, upgrade

# By schema: the number of deletions after which autovacuum starts.
MOST = {"auth": 20, "selfie": 200}
WITH_PEOPLE = [("auth", table) for table in ("users", "memberships", "notices", "mails", "account_links")] + [
    ("selfie", table) for table in ("people", "selfies")
]
# The dead rows that start autovacuum (PostgreSQL manual, "The Autovacuum Daemon"), in a table with this many rows.
ROWS = 5_000
DEAD_ROWS = text(
    """
    SELECT coalesce(max(option_value) FILTER (WHERE option_name = 'autovacuum_vacuum_threshold'),
            current_setting('autovacuum_vacuum_threshold'))::float
        + coalesce(max(option_value) FILTER (WHERE option_name = 'autovacuum_vacuum_scale_factor'),
            current_setting('autovacuum_vacuum_scale_factor'))::float * :rows
    FROM (SELECT CAST(:name AS regclass)) AS one (id)
        JOIN pg_class c ON c.oid = one.id LEFT JOIN LATERAL pg_options_to_table(c.reloptions) ON true
    """
)


def dead_rows_before_vacuum(db: Engine, name: str) -> float:
    with db.connect() as connection:
        found: float = connection.execute(DEAD_ROWS, {"name": name, "rows": ROWS}).scalar_one()
        return found


@pytest.mark.parametrize(("schema", "table"), WITH_PEOPLE)
def test_autovacuum_starts_after_a_few_deletions(make_db: Callable[[str], Engine], schema: str, table: str) -> None:
    assert dead_rows_before_vacuum(make_db(schema), f"{schema}.{table}") <= MOST[schema]


def test_control_by_default_autovacuum_needs_a_thousand_deletions(make_db: Callable[[str], Engine]) -> None:
    assert dead_rows_before_vacuum(make_db("auth"), "auth.tombstones") > 1_000


def test_the_migration_keeps_accounts_of_version_0016(make_db: Callable[[str], Engine]) -> None:
    db = make_db("auth")
    downgrade(db, "auth", "0016")
    with db.begin() as connection:
        connection.execute(text("INSERT INTO auth.users (id) VALUES (:id)"), {"id": (user := uuid4())})
    assert dead_rows_before_vacuum(db, "auth.users") > MOST["auth"]
    upgrade(db, "auth")
    with db.connect() as connection:
        assert connection.execute(text("SELECT id FROM auth.users")).scalars().all() == [user]
    assert dead_rows_before_vacuum(db, "auth.users") <= MOST["auth"]
