"""In how many photos a person's selfie was near two faces; of what was compared before nothing is known."""

from alembic import op

revision = "0019"
down_revision = "0016"


def upgrade() -> None:
    op.execute("ALTER TABLE matcher.people ADD COLUMN two_faces integer NOT NULL DEFAULT 0")
