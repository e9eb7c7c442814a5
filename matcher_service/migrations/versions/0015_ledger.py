"""What was erased and is not in the ledger yet."""

from alembic import op

revision = "0015"
down_revision = "0014"

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


def upgrade() -> None:
    op.execute(ERASED)
    op.execute(TOMBSTONES)
