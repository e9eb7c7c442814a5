"""One PostgreSQL role per service: it owns its schema, cannot read other schemas, and is not a superuser."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import permutations
from pathlib import Path

import psycopg2
import pytest

from deploy.local.log import SystemLog
from deploy.local.postgres import NAME, Postgres, remove_cluster
from deploy.migrate import migrate_all, prepare_roles
from deploy.roles import SERVICES, keep_roles, role_of, url_of

TABLES = {"auth": "auth.users", "selfie": "selfie.selfies", "matcher": "matcher.photos"}
OWNERS = """
SELECT DISTINCT n.nspname, pg_get_userbyid(c.relowner) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ANY(%(schemas)s)
UNION SELECT n.nspname, pg_get_userbyid(p.proowner) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname = ANY(%(schemas)s)
UNION SELECT nspname, pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = ANY(%(schemas)s)
"""
MakePostgres = Callable[[], Postgres]


@pytest.fixture
def make_postgres() -> Iterator[MakePostgres]:
    """Starts a server on the same data each time, as `make run` does."""
    data = Path(tempfile.mkdtemp(prefix="mn-roles-", dir="/tmp")) / "data"
    data.mkdir()
    log, started = SystemLog(data / "minois.log", None, False), []

    def make() -> Postgres:
        for running in started:
            running.stop()
        started[:] = [Postgres(data, log)]
        started[0].start()
        return started[0]

    yield make
    for running in started:
        running.stop()
    log.close()
    remove_cluster(data)
    shutil.rmtree(data.parent)


@pytest.fixture
def postgres(make_postgres: MakePostgres) -> Postgres:
    """A server after its first start."""
    started = make_postgres()
    started.keep_service_roles()
    migrate_all(started.service_urls)
    return started


def ask(url: str, query: str, **values: object) -> list[tuple[object, ...]]:
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(query, values)
        return cursor.fetchall() if cursor.description else []


def count(url: str, service: str) -> int:
    return int(str(ask(url, f"SELECT count(*) FROM {TABLES[service]}")[0][0]))


def is_refused(url: str, query: str) -> bool:
    try:
        ask(url, query)
    except psycopg2.errors.InsufficientPrivilege:
        return True
    return False


def owners(postgres: Postgres) -> set[tuple[object, ...]]:
    return set(ask(postgres.database_url, OWNERS, schemas=list(SERVICES)))


@pytest.fixture
def earlier(make_postgres: MakePostgres) -> Postgres:
    """Data of a version in which one role owned everything, with a table, a sequence and a type in each schema."""
    started = make_postgres()
    migrate_all(dict.fromkeys(SERVICES, started.database_url))
    for service in SERVICES:
        ask(started.database_url, f"CREATE TABLE {service}.kept AS SELECT 7 AS number")
        ask(started.database_url, f"CREATE SEQUENCE {service}.numbers")
        ask(started.database_url, f"CREATE TYPE {service}.kind AS ENUM ('one')")
    return started


def test_no_role_can_read_or_change_the_tables_of_another_service(postgres: Postgres) -> None:
    for own, other in permutations(SERVICES, 2):
        url = postgres.service_urls[own]
        assert count(url, own) == 0
        assert is_refused(url, f"SELECT * FROM {TABLES[other]}"), (own, other)
        assert is_refused(url, f"DELETE FROM {TABLES[other]}"), (own, other)
        assert is_refused(url, f"CREATE TABLE {other}.mine (number integer)"), (own, other)
        assert is_refused(url, f"SET ROLE {role_of(other)}"), (own, other)


def test_no_role_is_a_superuser_or_can_create_roles_or_schemas(postgres: Postgres) -> None:
    for service, url in postgres.service_urls.items():
        flags = "rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls"
        assert ask(url, f"SELECT current_user, {flags} FROM pg_roles WHERE rolname = current_user") == [
            (role_of(service), False, False, False, False, False)
        ]
        for statement in ("CREATE SCHEMA mine", "CREATE ROLE mine", "CREATE TABLE public.mine (number integer)"):
            assert is_refused(url, statement), (service, statement)
        assert is_refused(url, "SELECT pg_read_file('/etc/hostname')")


def test_control_the_role_of_earlier_versions_reads_everything(earlier: Postgres) -> None:
    for service in SERVICES:
        assert count(earlier.database_url, service) == 0


def test_data_of_earlier_versions_is_reassigned_at_the_next_start(
    earlier: Postgres, make_postgres: MakePostgres
) -> None:
    assert owners(earlier) == {(service, NAME) for service in SERVICES}
    postgres = make_postgres()
    postgres.keep_service_roles()
    assert owners(postgres) == {(service, role_of(service)) for service in SERVICES}
    migrate_all(postgres.service_urls)
    for own, other in permutations(SERVICES, 2):
        url = postgres.service_urls[own]
        assert ask(url, f"SELECT number FROM {own}.kept") == [(7,)]
        assert ask(url, f"SELECT nextval('{own}.numbers')")
        assert is_refused(url, f"SELECT number FROM {other}.kept")
    postgres.keep_service_roles()
    assert owners(postgres) == {(service, role_of(service)) for service in SERVICES}


def test_backups_can_read_the_tables_of_all_services(postgres: Postgres) -> None:
    for service in SERVICES:
        assert count(postgres.database_url, service) == 0


def test_each_role_has_its_time_limits(postgres: Postgres) -> None:
    for url in postgres.service_urls.values():
        assert ask(url, "SHOW lock_timeout") == [("2s",)]
        assert ask(url, "SHOW idle_in_transaction_session_timeout") == [("5s",)]


def test_in_containers_each_role_gets_its_password(make_postgres: MakePostgres, tmp_path: Path) -> None:
    postgres, passwords = make_postgres(), tmp_path / "pgpass"
    passwords.write_text("".join(f"*:*:*:{role_of(service)}:{service} secret\n" for service in SERVICES))
    superuser = postgres.database_url.replace(f"{NAME}@", "postgres@")
    urls = prepare_roles(superuser, passwords)
    assert urls == postgres.service_urls
    migrate_all(urls)
    stored = ask(superuser, "SELECT rolname, rolpassword FROM pg_authid WHERE rolname LIKE 'minois\\_%%'")
    assert {role for role, _ in stored} == {role_of(service) for service in SERVICES}
    assert all(str(password).startswith("SCRAM-SHA-256$") for _, password in stored)


def test_without_passwords_an_external_database_has_one_role() -> None:
    url = "postgresql://minois@database/minois"
    assert prepare_roles(url, None) == dict.fromkeys(SERVICES, url)
    assert url_of("auth", "postgresql://a:b@host:5432/minois?x=y") == "postgresql://minois_auth@host:5432/minois?x=y"


def test_a_role_that_became_a_superuser_is_reset_at_the_next_start(postgres: Postgres) -> None:
    superuser = postgres.database_url.replace(f"{NAME}@", "postgres@")
    ask(superuser, f"ALTER ROLE {role_of('auth')} SUPERUSER")
    keep_roles(superuser)
    assert is_refused(postgres.service_urls["auth"], "SELECT * FROM selfie.selfies")
