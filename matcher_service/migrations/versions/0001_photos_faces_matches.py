"""Events, memberships, guests, photos, faces, matches."""

from alembic import op

revision = "0001"
down_revision = None

TABLES = """
CREATE TABLE matcher.events (
    id uuid PRIMARY KEY,
    version bigint NOT NULL DEFAULT 1,
    deleted_version bigint NOT NULL DEFAULT 0,
    closed boolean NOT NULL,
    expires_at timestamptz
);
CREATE TABLE matcher.memberships (
    event_id uuid NOT NULL REFERENCES matcher.events ON DELETE CASCADE,
    user_id uuid NOT NULL,
    role text NOT NULL,
    PRIMARY KEY (event_id, user_id)
);
CREATE INDEX memberships_of_user ON matcher.memberships (user_id);
CREATE TABLE matcher.guests (
    event_id uuid NOT NULL REFERENCES matcher.events ON DELETE CASCADE,
    user_id uuid NOT NULL,
    revision bigint NOT NULL,
    encoding bytea,
    PRIMARY KEY (event_id, user_id)
);
CREATE TABLE matcher.photos (
    id uuid PRIMARY KEY,
    event_id uuid NOT NULL REFERENCES matcher.events ON DELETE CASCADE,
    sha256 bytea NOT NULL,
    filename text NOT NULL,
    size_bytes bigint NOT NULL,
    upload_key text NOT NULL,
    thumb_key text,
    preview_key text,
    original_key text,
    state text NOT NULL DEFAULT 'pending',
    reason text NOT NULL DEFAULT '',
    width integer NOT NULL DEFAULT 0,
    height integer NOT NULL DEFAULT 0,
    face_count integer NOT NULL DEFAULT 0,
    taken_at timestamptz,
    attempt integer NOT NULL DEFAULT 0,
    failures integer NOT NULL DEFAULT 0,
    lease_until timestamptz,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (event_id, sha256)
);
CREATE INDEX photos_of_event ON matcher.photos (event_id, created_at DESC, id DESC);
CREATE INDEX photos_pending ON matcher.photos (created_at) WHERE state = 'pending';
CREATE TABLE matcher.faces (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id uuid NOT NULL,
    photo_id uuid NOT NULL REFERENCES matcher.photos ON DELETE CASCADE,
    version bigint NOT NULL,
    encoding bytea NOT NULL,
    "left" integer NOT NULL,
    top integer NOT NULL,
    width integer NOT NULL,
    height integer NOT NULL,
    size_px integer NOT NULL,
    sharpness real NOT NULL,
    brightness real NOT NULL,
    yaw real NOT NULL
);
CREATE INDEX faces_of_event ON matcher.faces (event_id, version);
CREATE INDEX faces_of_photo ON matcher.faces (photo_id);
CREATE TABLE matcher.matches (
    user_id uuid NOT NULL,
    photo_id uuid NOT NULL REFERENCES matcher.photos ON DELETE CASCADE,
    PRIMARY KEY (user_id, photo_id)
);
CREATE INDEX matches_of_photo ON matcher.matches (photo_id);
CREATE TABLE matcher.blob_deletions (key text PRIMARY KEY, created_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE matcher.tombstones (id uuid PRIMARY KEY, created_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE matcher.feed_cursor (sequence bigint NOT NULL);
INSERT INTO matcher.feed_cursor VALUES (0);
"""


def upgrade() -> None:
    op.execute(TABLES)
