"""New versions of photos: an upload of the same name that is still to be read, and since when a photo has its faces."""

from alembic import op

revision = "0008"
down_revision = "0007"

REPLACEMENTS = """
-- A job like a pending photo, with the id of the photo that it replaces once it is read.
CREATE TABLE matcher.replacements (
    event_id uuid NOT NULL,
    id uuid NOT NULL,
    upload_key text NOT NULL,
    content_type text NOT NULL,
    sha256 bytea NOT NULL,
    size_bytes bigint NOT NULL,
    state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'failed')),
    reason text NOT NULL DEFAULT '',
    attempt integer NOT NULL DEFAULT 0,
    failures integer NOT NULL DEFAULT 0,
    lease_until timestamptz,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (event_id, id),
    UNIQUE (event_id, sha256),
    FOREIGN KEY (event_id, id) REFERENCES matcher.photos (event_id, id) ON DELETE CASCADE
);
CREATE INDEX replacement_keys ON matcher.replacements (upload_key);
CREATE INDEX replacements_to_claim ON matcher.replacements (event_id, created_at) WHERE state = 'pending';
CREATE INDEX photos_by_name ON matcher.photos (event_id, filename) WHERE NOT from_guest;
-- Bytes that were a photo's until a newer version took their place: an upload of them that began before is late.
CREATE TABLE matcher.past_versions (
    event_id uuid NOT NULL,
    photo_id uuid NOT NULL,
    sha256 bytea NOT NULL,
    replaced_at timestamptz NOT NULL,
    PRIMARY KEY (event_id, photo_id, sha256),
    FOREIGN KEY (event_id, photo_id) REFERENCES matcher.photos (event_id, id) ON DELETE CASCADE
);
CREATE INDEX past_versions_by_bytes ON matcher.past_versions (event_id, sha256);
-- The event's version at which the faces of a new version replaced those before; an index of before knows the old ones.
ALTER TABLE matcher.photos ADD COLUMN replaced_version bigint NOT NULL DEFAULT 0;
CREATE INDEX photos_replaced ON matcher.photos (event_id, replaced_version) WHERE replaced_version > 0;
"""


def upgrade() -> None:
    op.execute(REPLACEMENTS)
