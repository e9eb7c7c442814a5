"""The offers of events to their guests: held-back photos, downloads, credit, and retention."""

from alembic import op

revision = "0006"
down_revision = "0005"

RELEASE = """
ALTER TABLE auth.events
    ADD COLUMN held boolean NOT NULL DEFAULT false,
    ADD COLUMN releases_at timestamptz,
    ADD COLUMN credit_name text NOT NULL DEFAULT '',
    ADD COLUMN credit_url text NOT NULL DEFAULT '',
    ADD COLUMN download text NOT NULL DEFAULT 'original'
        CONSTRAINT events_download CHECK (download IN ('original', 'preview', 'none')),
    ADD COLUMN keep_days integer CONSTRAINT events_keep_days CHECK (keep_days > 0),
    -- When the end or `keep_days` was last changed; nothing is hidden within 30 days of it.
    ADD COLUMN keep_since timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN hidden_at timestamptz;
-- NULL in changes of earlier versions: nothing is said.
ALTER TABLE auth.changes
    ADD COLUMN held boolean,
    ADD COLUMN releases_at timestamptz,
    ADD COLUMN download text;
"""


def upgrade() -> None:
    op.execute(RELEASE)
