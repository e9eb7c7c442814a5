"""Since when guests are in no event, how far followers have applied the change feed and from when on it is shortened,
and the audit log."""

from alembic import op

revision = "0016"
down_revision = "0015"

# Followers of earlier versions report their position only from now on; no change is deleted before 30 days have passed.
COLUMNS = """
ALTER TABLE auth.users ADD COLUMN without_events_since timestamptz;
CREATE INDEX users_without_events ON auth.users (without_events_since) WHERE without_events_since IS NOT NULL;
ALTER TABLE auth.feed ADD COLUMN shortened_from timestamptz NOT NULL DEFAULT now() + interval '30 days';
CREATE TABLE auth.feed_readers (name text PRIMARY KEY, sequence bigint NOT NULL);
"""

ACTS = """
CREATE TABLE auth.acts (
    id uuid PRIMARY KEY,
    at timestamptz NOT NULL,
    actor_id uuid,
    action text NOT NULL,
    event_id uuid,
    object_id uuid,
    result text NOT NULL,
    network text NOT NULL
);
CREATE INDEX acts_of_event ON auth.acts (event_id, at DESC, id DESC);
CREATE INDEX acts_by_age ON auth.acts (at);
"""


def upgrade() -> None:
    op.execute(COLUMNS)
    op.execute(ACTS)
