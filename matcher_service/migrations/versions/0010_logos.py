"""The logos of events."""

from alembic import op

revision = "0010"
down_revision = "0009"

LOGOS = """
CREATE TABLE matcher.logos (
    event_id uuid PRIMARY KEY REFERENCES matcher.events ON DELETE CASCADE,
    key text NOT NULL,
    width smallint NOT NULL,
    height smallint NOT NULL
);
CREATE INDEX logos_by_key ON matcher.logos (key);
"""


def upgrade() -> None:
    op.execute(LOGOS)
