"""Photos of an older engine that are read again: the queue, and the new faces until they are swapped."""

from alembic import op

revision = "0013"
down_revision = "0012"

PHOTOS = """
-- The engine that last tried to read the photo again; where it could not, the faces of `engine_version` stay.
ALTER TABLE matcher.photos ADD COLUMN reread_version integer NOT NULL DEFAULT 0;
CREATE INDEX photos_by_engine ON matcher.photos (event_id, engine_version, reread_version) WHERE state = 'indexed';
"""

REREADS = """
-- An event whose photos are read again, in the order of their ids; those up to `after_id` are claimed. The lease and
-- the attempt are those of the swap.
CREATE TABLE matcher.rereads (
    event_id uuid PRIMARY KEY REFERENCES matcher.events ON DELETE CASCADE,
    engine_version integer NOT NULL,
    after_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    since timestamptz NOT NULL DEFAULT now(),
    attempt integer NOT NULL DEFAULT 0,
    lease_until timestamptz
);
-- A photo that is read again. It counts only while `upload_key` is the photo's.
CREATE TABLE matcher.reread_photos (
    event_id uuid NOT NULL,
    photo_id uuid NOT NULL,
    upload_key text NOT NULL,
    state text NOT NULL DEFAULT 'reading' CHECK (state IN ('reading', 'read', 'kept')),
    face_count integer NOT NULL DEFAULT 0,
    attempt integer NOT NULL DEFAULT 1,
    failures integer NOT NULL DEFAULT 0,
    lease_until timestamptz,
    PRIMARY KEY (event_id, photo_id),
    FOREIGN KEY (event_id, photo_id) REFERENCES matcher.photos (event_id, id) ON DELETE CASCADE
);
CREATE INDEX reread_photos_at_work ON matcher.reread_photos (event_id, photo_id) WHERE state = 'reading';
CREATE TABLE matcher.reread_faces (
    event_id uuid NOT NULL,
    photo_id uuid NOT NULL,
    face_no smallint NOT NULL,
    encoding bytea NOT NULL,
    "left" integer NOT NULL,
    top integer NOT NULL,
    width integer NOT NULL,
    height integer NOT NULL,
    size_px integer NOT NULL,
    sharpness real NOT NULL,
    brightness real NOT NULL,
    yaw real NOT NULL,
    penalty real NOT NULL CHECK (penalty >= 0),
    sure boolean NOT NULL,
    PRIMARY KEY (event_id, photo_id, face_no),
    FOREIGN KEY (event_id, photo_id) REFERENCES matcher.reread_photos (event_id, photo_id) ON DELETE CASCADE
);
ALTER TABLE matcher.reread_faces ALTER COLUMN encoding SET STORAGE EXTERNAL;
"""


def upgrade() -> None:
    op.execute(PHOTOS)
    op.execute(REREADS)
