"""Which face of a refused photo had matched the guest; unknown for existing refusals."""

from alembic import op

revision = "0014"
down_revision = "0013"

REFUSALS = """
ALTER TABLE matcher.refusals ADD COLUMN rejected boolean NOT NULL DEFAULT false;
CREATE INDEX rejected_faces ON matcher.refusals (event_id, person_id) WHERE rejected;
"""


def upgrade() -> None:
    op.execute(REFUSALS)
