"""E-mails about the release of photos that were held back."""

from alembic import op

revision = "0010"
down_revision = "0009"

RELEASE = """
-- Held back since its release was last announced.
ALTER TABLE auth.events ADD COLUMN awaits_release boolean NOT NULL DEFAULT false;
UPDATE auth.events SET awaits_release = true WHERE held AND coalesce(releases_at > now(), true);
CREATE INDEX events_awaiting_release ON auth.events (id) WHERE awaits_release;
-- Its event was released, and its member has not been told.
ALTER TABLE auth.notices ADD COLUMN released boolean NOT NULL DEFAULT false;
-- What the e-mail says: photos of the guest, or of the event; NULL where it says nothing of them.
ALTER TABLE auth.mails ADD COLUMN photo_count integer;
CREATE UNIQUE INDEX release_once ON auth.mails (event_id, user_id) WHERE kind = 'release' AND state <> 'failed';
"""


def upgrade() -> None:
    op.execute(RELEASE)
