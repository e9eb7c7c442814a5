"""E-mails that announce the deletion of an event to its organisers."""

from alembic import op

revision = "0011"
down_revision = "0010"

DELETION = """
-- When the event that the e-mail is about is hidden from its guests.
ALTER TABLE auth.mails ADD COLUMN hides_at timestamptz;
CREATE UNIQUE INDEX deletion_once ON auth.mails (event_id, user_id, kind, hides_at) WHERE hides_at IS NOT NULL;
"""


def upgrade() -> None:
    op.execute(DELETION)
