"""The upgrade queues earlier erasures for the ledger."""

from collections.abc import Callable
from uuid import uuid4

from sqlalchemy import Engine, text

from kit.erasure.ledger import Gone
from matcher_service.store import LedgerStore
from tests.harness.migrations import downgrade, upgrade


def test_existing_tombstones_are_queued_for_the_ledger(make_db: Callable[[str], Engine]) -> None:
    db, gone = make_db("matcher"), uuid4()
    downgrade(db, "matcher", "0014")
    with db.begin() as connection:
        connection.execute(text("INSERT INTO matcher.tombstones (id) VALUES (:id)"), {"id": gone})
    upgrade(db, "matcher")
    # An id does not show its kind: a replay looks it up in both tables.
    found = {(erasure.kind, erasure.id) for erasure in LedgerStore(db).list_erasures(10)}
    assert found == {(Gone.USER, gone), (Gone.EVENT, gone)}
