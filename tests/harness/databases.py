"""Manipulation of databases: other vaults, lost commits, broken functions."""

from sqlalchemy import Engine, text

from kit.db.engine import create_db
from kit.vault import KEY_BYTES, Vault

# Keys of the vault that encrypts the data of tests.
KEY, NEXT_KEY = bytes(range(KEY_BYTES)), bytes(range(1, KEY_BYTES + 1))
VAULT = Vault([KEY])


def with_vault(db: Engine, vault: Vault) -> Engine:
    """An engine for the same database with another vault."""
    return create_db(db.url.render_as_string(hide_password=False), 5, 5, "test", vault)


LOSE_COMMITS = """
CREATE FUNCTION {schema}.lose_commit() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END';
CREATE CONSTRAINT TRIGGER lose_commit AFTER {act} ON {table} DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION {schema}.lose_commit();
"""


def lose_commits(db: Engine, table: str, act: str = "INSERT") -> None:
    """Makes every transaction that inserts into a table, or does another `act`, lose its connection at the commit."""
    with db.begin() as connection:
        connection.execute(text(LOSE_COMMITS.format(schema=table.partition(".")[0], table=table, act=act)))


def replace_in_function(db: Engine, name: str, old: str, new: str) -> None:
    """Replaces part of the body of a database function, to make a broken twin."""
    with db.begin() as connection:
        query = text("SELECT pg_get_functiondef(CAST(:name AS regproc))")
        definition: str = connection.execute(query, {"name": name}).scalar_one()
        assert old in definition
        connection.exec_driver_sql(definition.replace(old, new))
