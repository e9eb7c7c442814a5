"""Guests who wait to be admitted, and guests who were removed and cannot join again."""

from alembic import op

revision = "0004"
down_revision = "0003"

ADMISSION = """
ALTER TABLE auth.events ADD COLUMN admission boolean NOT NULL DEFAULT false;
ALTER TABLE auth.memberships ADD COLUMN waiting boolean NOT NULL DEFAULT false;
CREATE TABLE auth.removals (
    event_id uuid NOT NULL REFERENCES auth.events ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES auth.users ON DELETE CASCADE,
    PRIMARY KEY (event_id, user_id)
);
CREATE INDEX removals_of_user ON auth.removals (user_id);
"""


def upgrade() -> None:
    op.execute(ADMISSION)
