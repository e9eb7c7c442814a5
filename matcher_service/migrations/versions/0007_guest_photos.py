"""Photos of guests: whether an event accepts them, who added them, how many today, and those of erased guests."""

from alembic import op

revision = "0007"
down_revision = "0006"

GUEST_PHOTOS = """
ALTER TABLE matcher.events
    ADD COLUMN guest_photos text NOT NULL DEFAULT 'off',
    ADD CONSTRAINT events_guest_photos CHECK (guest_photos IN ('off', 'moderated', 'open'));
ALTER TABLE matcher.photos ADD COLUMN from_guest boolean NOT NULL DEFAULT false;
CREATE INDEX photos_by_uploader ON matcher.photos (uploader_id, event_id, created_at, id);
CREATE INDEX photos_from_guests_by_upload ON matcher.photos (event_id, created_at, id) WHERE from_guest;
CREATE INDEX photos_from_guests_by_time ON matcher.photos (event_id, sorted_at, id) WHERE from_guest;
-- Not with the membership: who leaves and joins again has no new allowance.
CREATE TABLE matcher.guest_uploads (
    event_id uuid NOT NULL REFERENCES matcher.events ON DELETE CASCADE,
    user_id uuid NOT NULL,
    day date NOT NULL,
    count integer NOT NULL,
    PRIMARY KEY (event_id, user_id)
);
CREATE INDEX guest_uploads_of_user ON matcher.guest_uploads (user_id);
-- Accounts that are erased and whose photos are hidden and still to be deleted.
CREATE TABLE matcher.erasures (user_id uuid PRIMARY KEY);
"""


def upgrade() -> None:
    op.execute(GUEST_PHOTOS)
