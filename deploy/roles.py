"""One PostgreSQL role for each service, not a superuser, which owns the service's schema and nothing else."""

from collections.abc import Mapping
from contextlib import closing
from urllib.parse import urlsplit

import psycopg2
from psycopg2 import sql

from kit.errors import DatabaseUnavailable

SERVICES = ("auth", "selfie", "matcher")
LOCK_TIMEOUT = "60s"  # processes of the previous version may still hold locks
# The objects of a schema with an owner: relations (the sequence of a column follows its table), functions and types.
FOREIGN = """
SELECT format('ALTER TABLE %%s', c.oid::regclass) FROM pg_class c
WHERE c.relnamespace = %(schema)s::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
    AND c.relowner <> %(role)s::regrole AND NOT EXISTS (
        SELECT FROM pg_depend d
        WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i', 'e'))
UNION ALL
SELECT format('ALTER ROUTINE %%s', p.oid::regprocedure) FROM pg_proc p
WHERE p.pronamespace = %(schema)s::regnamespace AND p.proowner <> %(role)s::regrole
UNION ALL
SELECT format('ALTER TYPE %%s', t.oid::regtype) FROM pg_type t LEFT JOIN pg_class c ON c.oid = t.typrelid
WHERE t.typnamespace = %(schema)s::regnamespace AND t.typowner <> %(role)s::regrole
    AND t.typelem = 0 AND (t.typrelid = 0 OR c.relkind = 'c')
"""


def role_of(service: str) -> str:
    return f"minois_{service}"


def url_of(service: str, url: str) -> str:
    """The URL of the same database for the role of the service, without a password."""
    parts = urlsplit(url)
    return parts._replace(netloc=f"{role_of(service)}@{parts.netloc.rpartition('@')[2]}").geturl()


def keep_roles(url: str, passwords: Mapping[str, str] | None = None, reader: str = "") -> None:
    """Creates the roles and schemas and hands over existing objects, in one idempotent transaction.

    `url` is a superuser's; `passwords` are by service (none: the server trusts every connection); `reader` is a role
    that becomes a member of all of them, for backups. Raises DatabaseUnavailable."""
    try:
        with closing(psycopg2.connect(url, connect_timeout=5)) as connection, connection, connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 0")
            cursor.execute("SET LOCAL lock_timeout = %s", [LOCK_TIMEOUT])
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('minois migrations'))")
            for service in SERVICES:
                _keep_role(cursor, role_of(service), (passwords or {}).get(service))
                _hand_over(cursor, service, role_of(service))
                if reader:
                    names = sql.Identifier(role_of(service)), sql.Identifier(reader)
                    cursor.execute(sql.SQL("GRANT {} TO {}").format(*names))
    except psycopg2.OperationalError as fault:
        raise DatabaseUnavailable from fault


def _keep_role(cursor: "psycopg2.extensions.cursor", role: str, password: str | None) -> None:
    name = sql.Identifier(role)
    cursor.execute("SELECT FROM pg_roles WHERE rolname = %s", [role])
    if cursor.fetchone() is None:
        cursor.execute(sql.SQL("CREATE ROLE {}").format(name))
    limits = sql.SQL("ALTER ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS")
    cursor.execute(limits.format(name))
    if password is not None:
        cursor.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(name, sql.Literal(password)))


def _hand_over(cursor: "psycopg2.extensions.cursor", schema: str, role: str) -> None:
    """Makes the role the owner of the schema and its objects."""
    name, owner = sql.Identifier(schema), sql.Identifier(role)
    cursor.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(name))
    cursor.execute(sql.SQL("ALTER SCHEMA {} OWNER TO {}").format(name, owner))
    cursor.execute(sql.SQL("REVOKE ALL ON SCHEMA {} FROM PUBLIC").format(name))
    cursor.execute(FOREIGN, {"schema": schema, "role": role})
    for (change,) in cursor.fetchall():
        cursor.execute(sql.SQL("{} OWNER TO {}").format(sql.SQL(change), owner))
