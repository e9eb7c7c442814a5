"""Guests, their selfies, their enrolments in events, and the position in the change feed."""

from alembic import op

revision = "0001"
down_revision = None

TABLES = """
CREATE TABLE selfie.users (
    user_id uuid PRIMARY KEY,
    revision bigint NOT NULL DEFAULT 0,
    started_at timestamptz
);
CREATE TABLE selfie.selfies (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES selfie.users ON DELETE CASCADE,
    revision bigint NOT NULL,
    request_id uuid,
    sha256 bytea NOT NULL,
    state text NOT NULL DEFAULT 'pending',
    reason text,
    image bytea,
    content_type text NOT NULL,
    encoding bytea,
    attempt integer NOT NULL DEFAULT 0,
    failures integer NOT NULL DEFAULT 0,
    lease_until timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    decided_at timestamptz,
    UNIQUE (user_id, request_id),
    CHECK (image IS NULL OR state IN ('pending', 'active', 'error')),
    CHECK ((encoding IS NOT NULL) = (state = 'active'))
);
-- Images are compressed already.
ALTER TABLE selfie.selfies ALTER COLUMN image SET STORAGE EXTERNAL;
CREATE UNIQUE INDEX one_active_selfie ON selfie.selfies (user_id) WHERE state = 'active';
CREATE UNIQUE INDEX one_pending_selfie ON selfie.selfies (user_id) WHERE state = 'pending';
CREATE INDEX newest_selfie ON selfie.selfies (user_id, revision);
CREATE INDEX pending_selfies ON selfie.selfies (created_at) WHERE state = 'pending';
CREATE TABLE selfie.enrolments (
    user_id uuid NOT NULL REFERENCES selfie.users ON DELETE CASCADE,
    event_id uuid NOT NULL,
    wanted_revision bigint NOT NULL,
    published_revision bigint NOT NULL DEFAULT 0,
    state text NOT NULL,
    compared_count bigint NOT NULL DEFAULT 0,
    total_count bigint NOT NULL DEFAULT 0,
    matched_count bigint NOT NULL DEFAULT 0,
    attempt integer NOT NULL DEFAULT 0,
    retry_at timestamptz NOT NULL DEFAULT now(),
    lease_until timestamptz,
    started_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    PRIMARY KEY (user_id, event_id)
);
CREATE INDEX enrolments_of_event ON selfie.enrolments (event_id);
CREATE INDEX due_enrolments ON selfie.enrolments (retry_at) WHERE wanted_revision > published_revision;
CREATE TABLE selfie.events (
    event_id uuid PRIMARY KEY,
    closed boolean NOT NULL,
    expires_at timestamptz
);
CREATE TABLE selfie.tombstones (id uuid PRIMARY KEY, created_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE selfie.feed_cursor (sequence bigint NOT NULL);
INSERT INTO selfie.feed_cursor VALUES (0);
"""


def upgrade() -> None:
    op.execute(TABLES)
