"""Faces forgotten at the request of people who are not guests: only their positions."""

from alembic import op

revision = "0017"
down_revision = "0016"

FORGOTTEN = """
-- Boxes in pixels of the upright photo as it was then, `of_width` and `of_height` pixels large.
CREATE TABLE matcher.forgotten_faces (
    event_id uuid NOT NULL,
    photo_id uuid NOT NULL,
    "left" integer NOT NULL,
    top integer NOT NULL,
    width integer NOT NULL,
    height integer NOT NULL,
    of_width integer NOT NULL,
    of_height integer NOT NULL,
    PRIMARY KEY (event_id, photo_id, "left", top, width, height),
    FOREIGN KEY (event_id, photo_id) REFERENCES matcher.photos (event_id, id) ON DELETE CASCADE
);
"""


def upgrade() -> None:
    op.execute(FORGOTTEN)
