"""Roles of members, and the feed position up to which they were read: for earlier data, the start of the feed."""

from alembic import op

revision = "0004"
down_revision = "0003"

ROLES = """
ALTER TABLE selfie.enrolments
    ADD COLUMN role text NOT NULL DEFAULT 'guest',
    -- Of the change that told it.
    ADD COLUMN role_sequence bigint NOT NULL DEFAULT 0;
ALTER TABLE selfie.feed_cursor ADD COLUMN roles_sequence bigint NOT NULL DEFAULT 0;
"""


def upgrade() -> None:
    op.execute(ROLES)
