"""Whether guests may add photos to an event."""

from alembic import op

revision = "0007"
down_revision = "0006"

GUEST_PHOTOS = """
ALTER TABLE auth.events
    ADD COLUMN guest_photos text NOT NULL DEFAULT 'off',
    ADD CONSTRAINT events_guest_photos CHECK (guest_photos IN ('off', 'moderated', 'open'));
ALTER TABLE auth.changes ADD COLUMN guest_photos text;
"""


def upgrade() -> None:
    op.execute(GUEST_PHOTOS)
