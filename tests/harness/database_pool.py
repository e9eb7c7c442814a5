"""Databases for tests, each cleaned for the next test unless a test altered its schema."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

import psycopg2
from psycopg2 import errors, extensions, sql

# Deleted rows stay in the files of a database until it is dropped.
MAX_USES = 20

# The version of each catalog entry, which a copy has from its template.
CATALOGS = {
    "pg_attrdef": "oid",
    "pg_attribute": "attrelid",
    "pg_class": "oid",
    "pg_constraint": "oid",
    "pg_index": "indexrelid",
    "pg_namespace": "oid",
    "pg_policy": "oid",
    "pg_proc": "oid",
    "pg_rewrite": "oid",
    "pg_statistic_ext": "oid",
    "pg_trigger": "oid",
    "pg_type": "oid",
}
ENTRIES = " UNION ALL ".join(
    f"SELECT concat_ws(' ', '{name}', {key}, xmin) AS entry FROM {name} WHERE {key} >= 16384"
    for name, key in CATALOGS.items()
)
SETTINGS = """
SELECT concat_ws(' ', datdba, datacl, setrole, setconfig) FROM pg_database AS d
LEFT JOIN pg_db_role_setting ON setdatabase = d.oid WHERE datname = current_database()
"""
SCHEMA = f"SELECT md5(string_agg(entry, ',' ORDER BY entry)) FROM ({ENTRIES} UNION ALL {SETTINGS}) AS entries"
TABLES = "SELECT relnamespace::regnamespace::text, relname FROM pg_class WHERE oid >= 16384 AND relkind = 'r'"
INSERT = "INSERT INTO {} OVERRIDING SYSTEM VALUE SELECT * FROM json_populate_recordset(NULL::{}, {})"
SEQUENCES = "SELECT schemaname, sequencename FROM pg_sequences"
END_CONNECTIONS = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s"


@dataclass(frozen=True)
class Template:
    """The database that others are copied from. `version`: of its schema; `clean`: the statements that restore its
    rows."""

    name: str
    version: str
    clean: str


class DatabasePool:
    """Lends databases, each with the schema of one service and the rows that its migrations insert.

    A new database costs PostgreSQL its files, and the catalogs that its first connections read; that is most of the
    time of a small test. A database gets another name after each use, so that a thread that an earlier test
    left behind cannot connect to it.
    """

    def __init__(self, postgres: str, templates: dict[str, str]) -> None:
        """`postgres`: the URL of the superuser. `templates`: names of databases by schema."""
        self.postgres = postgres
        self._admin = self._connect("postgres")
        self._templates = {schema: self._read(name) for schema, name in templates.items()}
        self._spare: dict[str, list[str]] = defaultdict(list)
        self._uses: dict[str, int] = {}

    def take(self, schema: str) -> str:
        """Returns the name of a database."""
        name = self._spare[schema].pop() if self._spare[schema] else self._create(self._templates[schema])
        self._uses[name] += 1
        return name

    def give_back(self, schema: str, name: str) -> None:
        """Ends the connections to a database, and cleans or drops it."""
        uses, renamed = self._uses.pop(name), _new_name()
        self._execute(END_CONNECTIONS, name)
        if uses < MAX_USES and self._rename(name, renamed):
            if self._clean(renamed, self._templates[schema]):
                self._spare[schema].append(renamed)
                self._uses[renamed] = uses
                return
            name = renamed
        self._drop(name)

    def drop_spare(self) -> None:
        """Drops the databases that earlier tests have used: the next ones are new."""
        for names in self._spare.values():
            while names:
                self._drop(names.pop())

    def close(self) -> None:
        self._admin.close()

    def _create(self, template: Template) -> str:
        name = _new_name()
        # FILE_COPY takes half the processor time of WAL_LOG; its checkpoints cost little without fsync.
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY OWNER minois")
        self._execute(statement.format(sql.Identifier(name), sql.Identifier(template.name)))
        self._uses[name] = 0
        return name

    def _drop(self, name: str) -> None:
        self._uses.pop(name, None)
        self._execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def _rename(self, name: str, new: str) -> bool:
        """Returns False if there are still connections."""
        try:
            self._execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(name), sql.Identifier(new)))
        except errors.ObjectInUse:
            return False
        return True

    def _clean(self, name: str, template: Template) -> bool:
        """Restores the rows of the template; returns False if the schema is another one."""
        connection = self._connect(name)
        try:
            with connection.cursor() as cursor:
                cursor.execute(SCHEMA)
                if cursor.fetchall() != [(template.version,)]:
                    return False
                cursor.execute(template.clean)
        finally:
            connection.close()
        return True

    def _read(self, name: str) -> Template:
        connection = self._connect(name)
        try:
            with connection.cursor() as cursor:
                cursor.execute(SCHEMA)
                [(version,)] = cursor.fetchall()
                statements = [*_restore_tables(cursor), *_restore_sequences(cursor)]
                return Template(name, version, sql.SQL("; ").join(statements).as_string(connection))
        finally:
            connection.close()

    def _execute(self, statement: str | sql.Composable, *values: str) -> None:
        with self._admin.cursor() as cursor:
            cursor.execute(statement, values)

    def _connect(self, database: str) -> extensions.connection:
        connection = psycopg2.connect(self.postgres.replace("/postgres?", f"/{database}?"))
        connection.autocommit = True
        return connection


def _restore_tables(cursor: extensions.cursor) -> Iterator[sql.Composable]:
    """The statements that give each table its current rows."""
    cursor.execute(TABLES)
    tables = [sql.Identifier(*table) for table in cursor.fetchall()]
    yield sql.SQL("SET session_replication_role = replica")  # neither foreign keys nor triggers
    for table in tables:
        yield sql.SQL("DELETE FROM {}").format(table)
    for table in tables:
        cursor.execute(sql.SQL("SELECT json_agg(t)::text FROM {} AS t").format(table))
        [(rows,)] = cursor.fetchall()
        if rows:
            yield sql.SQL(INSERT).format(table, table, sql.Literal(rows))


def _restore_sequences(cursor: extensions.cursor) -> Iterator[sql.Composable]:
    """The statements that give each sequence its current state."""
    cursor.execute(SEQUENCES)
    for sequence in [sql.Identifier(*name) for name in cursor.fetchall()]:
        cursor.execute(sql.SQL("SELECT last_value, is_called FROM {}").format(sequence))
        [state] = cursor.fetchall()
        values = map(sql.Literal, (sequence.as_string(cursor), *state))
        yield sql.SQL("SELECT setval({}, {}, {})").format(*values)


def _new_name() -> str:
    return f"test_{uuid4().hex}"
