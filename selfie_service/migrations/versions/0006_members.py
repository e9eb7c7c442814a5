"""Members with their roles, including those whose face is not searched, and the feed position up to which they were
read."""

from alembic import op

revision = "0006"
down_revision = "0005"

# Filled from the feed, which is read again from its start.
MEMBERS = """
CREATE TABLE selfie.members (
    event_id uuid NOT NULL,
    user_id uuid NOT NULL,
    role text NOT NULL,
    -- Of the change that told it.
    sequence bigint NOT NULL,
    PRIMARY KEY (event_id, user_id)
);
CREATE INDEX members_of_user ON selfie.members (user_id);
ALTER TABLE selfie.feed_cursor ADD COLUMN members_sequence bigint NOT NULL DEFAULT 0;
"""


def upgrade() -> None:
    op.execute(MEMBERS)
