"""PostgreSQL: engine, transactions, and the handling of lost connections."""

import io
import select
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg2
from sqlalchemy import Connection, Engine, ExceptionContext, create_engine, event
from sqlalchemy.exc import DBAPIError, InterfaceError, InvalidatePoolError, OperationalError, TimeoutError

from kit.errors import DatabaseUnavailable
from kit.failpoints import reach
from kit.startup import first_line
from kit.telemetry import traces
from kit.telemetry.logs import get_logger
from kit.vault import NO_KEYS, Vault

DATABASE = {"db.system.name": "postgresql"}

log = get_logger()


def driver_url(url: str) -> str:
    """Selects psycopg2, which is not the default of `postgresql://` since SQLAlchemy 2.1."""
    scheme, separator, rest = url.partition("://")
    return f"postgresql+psycopg2{separator}{rest}" if scheme in ("postgresql", "postgres") else url


def create_db(url: str, pool_size: int, max_overflow: int, name: str, vault: Vault = NO_KEYS) -> Engine:
    """An engine whose errors never show parameters. `name` is what `pg_stat_activity` shows, `vault` encrypts faces
    (kit.db.sealing)."""
    engine = create_engine(
        driver_url(url),
        pool_size=pool_size,
        max_overflow=max_overflow,
        pool_timeout=3,
        hide_parameters=True,
        use_native_hstore=False,  # otherwise each new connection looks for this type, which no column has
        execution_options={"vault": vault},
        connect_args={"application_name": name, "connect_timeout": 3},
    )
    event.listen(engine, "handle_error", _hide_values)
    event.listen(engine, "checkout", _require_silence)
    event.listen(engine, "before_cursor_execute", _note_statement)
    return engine


def _require_silence(connection: "psycopg2.extensions.connection", *_: Any) -> None:
    """Replaces a pooled connection that the server has closed. A closed socket is readable, while a live server sends
    nothing on an idle connection, so this saves the round trip of `pool_pre_ping`."""
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    if poll.poll(0):
        raise InvalidatePoolError


def _note_statement(_: Connection, __: Any, query: str, *___: Any) -> None:
    """Traces the statement with its placeholders: SQLAlchemy has not added the parameters yet."""
    traces.note("statement", **{"db.query.text": query})


def _hide_values(context: ExceptionContext) -> None:
    """Keeps only the first line of PostgreSQL's message: DETAIL shows a row, LINE the statement with its parameters."""
    original, raised = context.original_exception, context.sqlalchemy_exception
    first_line = getattr(getattr(original, "diag", None), "message_primary", None)
    if first_line and raised is not None:
        raised.args = (f"({type(original).__name__}) {first_line}",)
        original.args = (first_line,)


def copy_out(connection: Connection, query: str, values: Sequence[object]) -> "memoryview[int]":
    """The output of a `COPY ... TO STDOUT`; `values` are its parameters. Raises DatabaseUnavailable."""
    copied = io.BytesIO()
    try:
        with connection.connection.cursor() as cursor:  # type: ignore[attr-defined]
            cursor.copy_expert(cursor.mogrify(query, values), copied)
    except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
        # SQLAlchemy invalidates connections only for statements that it executes itself.
        connection.invalidate()
        log.warning("The database is unavailable.", action="database_unavailable", why=type(error).__name__)
        raise DatabaseUnavailable from None
    return copied.getbuffer()


@contextmanager
def transaction(engine: Engine, name: str = "") -> Iterator[Connection]:
    """One READ COMMITTED transaction; raises DatabaseUnavailable when the connection is lost or the pool is exhausted.

    A `name` makes its commit a failpoint, for changes that callers rely on.
    """
    with traces.step(f"transaction {name}".rstrip(), **DATABASE), _reporting_faults():
        with engine.begin() as connection:
            yield connection
            reach(name, "before-commit")
        reach(name, "after-commit")


@contextmanager
def statement(engine: Engine, name: str) -> Iterator[Connection]:
    """Like `transaction`, for a single statement in autocommit mode: one round trip instead of three."""
    with traces.step(f"transaction {name}", **DATABASE), _reporting_faults():
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            reach(name, "before-commit")
            yield connection
        reach(name, "after-commit")


@contextmanager
def _reporting_faults() -> Iterator[None]:
    try:
        yield
    except (OperationalError, InterfaceError, TimeoutError) as error:
        log.warning("The database is unavailable.", action="database_unavailable", why=first_line(error))
        raise DatabaseUnavailable from error
    except DBAPIError as error:
        if error.connection_invalidated:
            log.warning("The database is unavailable.", action="database_unavailable", why=first_line(error))
            raise DatabaseUnavailable from error
        raise
