"""Erasures that are not in the ledger yet, and recorded acts."""

from alembic import op

revision = "0016"
down_revision = "0015"

ERASED = """
CREATE TABLE matcher.erased (
    place bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,
    id uuid NOT NULL
);
"""
# Who and what was erased before.
TOMBSTONES = """
INSERT INTO matcher.erased (kind, id)
SELECT kind, t.id FROM matcher.tombstones t, (VALUES ('user'), ('event')) AS kinds (kind);
"""

ACTS = """
CREATE TABLE matcher.acts (
    id uuid PRIMARY KEY,
    at timestamptz NOT NULL,
    actor_id uuid,
    action text NOT NULL,
    event_id uuid,
    object_id uuid,
    result text NOT NULL,
    network text NOT NULL
);
CREATE INDEX acts_of_event ON matcher.acts (event_id, at DESC, id DESC);
CREATE INDEX acts_by_age ON matcher.acts (at);
"""


def upgrade() -> None:
    op.execute(ACTS)
    op.execute(ERASED)
    op.execute(TOMBSTONES)
