"""Settings of events for guests: photos that are held back, and downloads."""

from alembic import op

revision = "0006"
down_revision = "0005"

RELEASE = """
ALTER TABLE matcher.events
    ADD COLUMN held boolean NOT NULL DEFAULT false,
    ADD COLUMN releases_at timestamptz,
    ADD COLUMN download text NOT NULL DEFAULT 'original';
CREATE INDEX events_to_release ON matcher.events (releases_at) WHERE held;
"""


def upgrade() -> None:
    op.execute(RELEASE)
