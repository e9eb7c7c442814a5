"""In how many photos a person's selfie was near two faces; unknown for earlier comparisons."""

from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.execute("ALTER TABLE matcher.people ADD COLUMN two_faces integer NOT NULL DEFAULT 0")
