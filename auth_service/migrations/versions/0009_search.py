"""Members whose face is not searched in an event, users who are in no event, and the event of a sign-in link."""

from alembic import op

revision = "0009"
down_revision = "0008"

# Existing members are still searched.
SEARCH = """
ALTER TABLE auth.memberships ADD COLUMN searched boolean NOT NULL DEFAULT true;
ALTER TABLE auth.removals ADD COLUMN searched boolean NOT NULL DEFAULT true;
ALTER TABLE auth.changes
    ADD COLUMN without_search boolean NOT NULL DEFAULT false,
    ADD COLUMN last_membership boolean NOT NULL DEFAULT false;
-- No reference: what counts is whether the user is a member when the link is used.
ALTER TABLE auth.sign_in_links ADD COLUMN event_id uuid;
"""


def upgrade() -> None:
    op.execute(SEARCH)
