"""Hash-partitions the tables of matcher_service by event and records which partitions each statement reads."""

import re
import sys
from collections.abc import Container, Iterator, Sequence
from types import FrameType
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, text

from kit.db.engine import copy_out

STORES = "matcher_service.store."
BETWEEN = ("sqlalchemy.", "kit.", "contextlib", __name__)  # a store and its statement
# The partition key where it is not `event_id`. A table without either is not partitioned.
KEYS = {"events": "id"}
WHOLE = ("alembic_version", "photo_events", "acts")  # acts belong to an event or to none
PARTITION = re.compile(r"_part(\d+)$")
STATEMENT = re.compile(r"\s*(SELECT|UPDATE|DELETE|INSERT|WITH)\b")
COPY = re.compile(r"COPY \((.*)\) TO STDOUT \(FORMAT binary\)", re.DOTALL)
# Functions whose statements read several partitions, and the reason.
ACROSS = {
    "lists.count_matches": "a guest's list of the photos of all their events",
    "lists.select_matches": "a guest's list of the photos of all their events",
    "members.MemberStore.find_roles": "asked for several events at once",
    "members._erase": "an account that is erased is in any number of events",
    "jobs.JobStore._claim_after": "the queue of all events, read from an index of each partition",
    "jobs.JobStore.read_queue": "the length of the queue of all events",
    "jobs.JobStore.find_old_original": "a job: what an earlier version has left in any event",
    "jobs.JobStore.find_orphans": "a sweep: which rows name a file",
    "purge.PurgeStore._purge_event": "a job: the next event that is gone",
    "purge.PurgeStore._purge_uploads": "a job: the photos of an account that was erased",
    "releases.ReleaseStore.release_due": "a job: the next event that is released by itself",
    "rereads.RereadStore.plan": "a job, or the command `reread`: events with photos of an older engine",
    "rereads.RereadStore.list_events": "the command `reread` for all events",
    "rereads.RereadStore.read_queue": "the length of the queue of all events",
    "rereads.RereadStore._claim_after": "a job: the next event whose photos are read again",
    "settlements.SettlementStore.claim": "a job: the next event that is to be settled",
    "photos.PhotoStore.count": "asked for several events at once",
    "photos.PhotoStore.count_guests": "asked for several events at once",
    "matches.MatchStore.find_deletions": "asked for several events at once: those in memory",
    "logos.LogoStore.find_versions": "asked for several events at once",
    "logos.LogoStore.list_files": "`check` walks through all rows",
    "integrity.IntegrityStore.count_again": "`check` repairs what it has found",
    "integrity.IntegrityStore.find_photo": "`check` looks again before it repairs",
    "integrity.IntegrityStore.find_strays": "`check` walks through all rows",
    "integrity.IntegrityStore.list_photos": "`check` walks through all rows",
    "integrity.IntegrityStore.read_rows": "`check` walks through all rows",
}
# Functions whose statements pass the event to a subquery: partitions are pruned only at execution.
HANDED_ON = {
    "audience.AudienceStore._may_decide",
    "audience.show_again",
    "jobs.JobStore._insert",
    "lists.select_photos",
    "lists.select_uploads",
    "matches.MatchStore._replace",
    "matches.MatchStore.count_for_notices",
    "photos.PhotoStore.add",
    "photos.PhotoStore.find_shown",
    "photos.PhotoStore.find_upload",
    "refusals.match_again",
    "settlements.insert_matches",
}
KEYS_OF = text("""
SELECT format('ALTER TABLE %s ADD CONSTRAINT %I %s', c.conrelid::regclass, c.conname, pg_get_constraintdef(c.oid))
FROM pg_constraint c WHERE c.contype IN ('p', 'u') AND c.conrelid = ANY(CAST(:tables AS regclass[]))
""")
INDEXES_OF = text("""
SELECT pg_get_indexdef(i.indexrelid) FROM pg_index i WHERE i.indrelid = ANY(CAST(:tables AS regclass[]))
    AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid AND c.contype IN ('p', 'u'))
""")
REFERENCES_OF = text("""
SELECT format('ALTER TABLE %s ADD CONSTRAINT %I %s', c.conrelid::regclass, c.conname, pg_get_constraintdef(c.oid))
FROM pg_constraint c WHERE c.contype = 'f' AND c.confrelid = ANY(CAST(:tables AS regclass[]))
""")


def partition(db: Engine, count: int) -> list[str]:
    """Splits every table that is keyed by the event into `count` partitions and returns the tables' names.

    The tables must be empty. PostgreSQL accepts a primary or unique key only if it includes the partition key, so a
    table whose key lacks the event fails here.
    """
    with db.begin() as connection:
        tables = dict(_find_tables(connection))
        values = {"tables": [f"matcher.{table}" for table in tables]}
        queries = (KEYS_OF, INDEXES_OF, REFERENCES_OF)
        definitions = [line for query in queries for line in connection.execute(query, values).scalars()]
        for table in tables:
            assert connection.execute(text(f"SELECT count(*) FROM matcher.{table}")).scalar_one() == 0
            connection.execute(text(f"ALTER TABLE matcher.{table} RENAME TO {table}_whole"))
        for table, key in tables.items():
            _create(connection, table, key, count)
        for table in tables:
            connection.execute(text(f"DROP TABLE matcher.{table}_whole CASCADE"))
        for definition in definitions:
            connection.exec_driver_sql(definition)
    return list(tables)


def _create(connection: Connection, table: str, key: str, count: int) -> None:
    connection.execute(
        text(
            f"CREATE TABLE matcher.{table} (LIKE matcher.{table}_whole INCLUDING DEFAULTS INCLUDING GENERATED"
            f" INCLUDING CONSTRAINTS INCLUDING STORAGE) PARTITION BY HASH ({key})"
        )
    )
    for number in range(count):
        connection.execute(
            text(
                f"CREATE TABLE matcher.{table}_part{number} PARTITION OF matcher.{table}"
                f" FOR VALUES WITH (MODULUS {count}, REMAINDER {number})"
            )
        )


def _find_tables(connection: Connection) -> Iterator[tuple[str, str]]:
    """Tables and their partition keys."""
    columns = text("SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'matcher'")
    for table, column in sorted(map(tuple, connection.execute(columns))):
        if column == KEYS.get(table, "event_id") and table not in WHOLE:
            yield table, column


class Watch:
    """Store functions of matcher_service, by the partitions that their statements read.

    `seen` holds all of them, `without_event` those whose plans name several partitions because the statement carries no
    event, `handed_on` those that carry the event and still have such plans, and `wide` those that actually read
    several.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seen: set[str] = set()
        self.without_event: set[str] = set()
        self.handed_on: set[str] = set()
        self.wide: set[str] = set()
        for module in ("faces", "unsettled"):
            monkeypatch.setattr(f"matcher_service.store.{module}.copy_out", self._copy_out)

    def find_faults(self, across: Container[str] = ACROSS) -> list[str]:
        """Functions that unexpectedly read several partitions or pass their event on."""
        several = self.wide | self.without_event | (self.handed_on - HANDED_ON)
        return sorted(who for who in several if who not in across)

    def observe(self, db: Engine) -> None:
        event.listen(db, "before_cursor_execute", self._before_execute)

    def _copy_out(self, connection: Connection, query: str, values: Sequence[object]) -> "memoryview[int]":
        """Same as `kit.db.engine.copy_out`."""
        match = COPY.fullmatch(query.strip())
        assert match
        with connection.connection.cursor() as cursor:  # type: ignore[attr-defined]
            self._check(cursor, match[1], values, carries_event="event_id = %s" in query)
        return copy_out(connection, query, values)

    def _before_execute(self, _: Any, cursor: Any, statement: str, values: Any, __: Any, many: bool) -> None:
        if STATEMENT.match(statement):
            first = (values[0] if many else values) or {}
            carries_event = any(first.get(name) is not None for name in ("event", "event_id"))
            with cursor.connection.cursor() as explaining:
                self._check(explaining, statement, first, carries_event=carries_event)

    def _check(self, cursor: Any, statement: str, values: Any, *, carries_event: bool) -> None:
        """Explains the statement; psycopg2 interpolates the values, so the planner sees them."""
        who = find_store_function()
        if who is None:
            return
        self.seen.add(who)
        cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}", values or None)
        if len(set(find_partitions(cursor.fetchone()[0]))) <= 1:
            return
        if not carries_event:
            self.without_event.add(who)
            return
        self.handed_on.add(who)
        if len(self._find_read(cursor, statement, values)) > 1:
            self.wide.add(who)

    def _find_read(self, cursor: Any, statement: str, values: Any) -> set[int]:
        """The partitions that the statement reads; its changes are rolled back."""
        cursor.execute("SAVEPOINT explained")
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", values)
        plan = cursor.fetchone()[0]
        cursor.execute("ROLLBACK TO SAVEPOINT explained")
        return set(find_partitions(plan))


def find_partitions(plan: Any) -> Iterator[int]:
    """The numbers of the partitions named by the nodes of a plan; for an analysed plan, only those executed."""
    if isinstance(plan, list):
        for part in plan:
            yield from find_partitions(part)
    elif isinstance(plan, dict) and plan.get("Actual Loops") != 0:
        if match := PARTITION.search(plan.get("Relation Name", "")):
            yield int(match[1])
        for part in plan.values():
            yield from find_partitions(part)


def find_store_function() -> str | None:
    """The store function that runs a statement, such as `photos.PhotoStore.add`; None if it comes from elsewhere."""
    frame: FrameType | None = sys._getframe()
    while frame is not None and frame.f_globals["__name__"].startswith(BETWEEN):
        frame = frame.f_back
    if frame is None or not frame.f_globals["__name__"].startswith(STORES):
        return None
    return f"{frame.f_globals['__name__'].removeprefix(STORES)}.{frame.f_code.co_qualname}"
