"""Cameras, and the offsets of their clocks."""

from alembic import op

revision = "0009"
down_revision = "0008"

CAMERAS = """
CREATE TABLE matcher.cameras (
    event_id uuid NOT NULL REFERENCES matcher.events ON DELETE CASCADE,
    id uuid NOT NULL,
    -- Of make, model and serial number, keyed by the event.
    digest bytea NOT NULL,
    name text NOT NULL,
    -- Counts the cameras of one name.
    number integer NOT NULL,
    offset_s integer NOT NULL DEFAULT 0,
    PRIMARY KEY (event_id, id),
    UNIQUE (event_id, digest)
);
-- `taken_at` has `clock_offset_s` in it, so that every order by time has it. No camera: unknown.
ALTER TABLE matcher.photos ADD COLUMN camera_id uuid, ADD COLUMN clock_offset_s integer NOT NULL DEFAULT 0;
CREATE INDEX photos_by_camera ON matcher.photos (event_id, camera_id);
"""


def upgrade() -> None:
    op.execute(CAMERAS)
