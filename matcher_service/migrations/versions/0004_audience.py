"""Who sees a photo: visibility, requests to hide photos, and columns that lists of them read; the average colour."""

from alembic import op

revision = "0004"
down_revision = "0003"

PHOTOS = """
ALTER TABLE matcher.photos
    ADD COLUMN colour integer,
    ADD CONSTRAINT photos_visibility CHECK (visibility IN ('matched', 'everyone', 'hidden', 'unapproved'));
CREATE INDEX photos_by_visibility_and_upload ON matcher.photos (event_id, visibility, created_at, id) INCLUDE (state);
CREATE INDEX photos_by_visibility_and_time ON matcher.photos (event_id, visibility, sorted_at, id) INCLUDE (state);
CREATE INDEX photos_without_faces_by_upload ON matcher.photos (event_id, created_at, id)
    WHERE state = 'indexed' AND face_count = 0;
CREATE INDEX photos_without_faces_by_time ON matcher.photos (event_id, sorted_at, id)
    WHERE state = 'indexed' AND face_count = 0;
"""

REQUESTS = """
CREATE TABLE matcher.hide_requests (
    event_id uuid NOT NULL,
    user_id uuid NOT NULL,
    photo_id uuid NOT NULL,
    -- The organisers have decided; the photo stays hidden from the user.
    settled boolean NOT NULL DEFAULT false,
    PRIMARY KEY (event_id, user_id, photo_id),
    FOREIGN KEY (event_id, photo_id) REFERENCES matcher.photos (event_id, id) ON DELETE CASCADE
);
CREATE INDEX hide_requests_of_photo ON matcher.hide_requests (event_id, photo_id) INCLUDE (settled);
"""

MATCHES = """
-- Whether the guest sees the photo, by its visibility and their requests, so that a list is read from one index.
ALTER TABLE matcher.matches ADD COLUMN shown boolean NOT NULL DEFAULT true;
UPDATE matcher.matches m SET shown = false FROM matcher.photos p
WHERE (p.event_id, p.id) = (m.event_id, m.photo_id) AND p.visibility IN ('hidden', 'unapproved');
DROP INDEX matcher.matches_by_upload;
DROP INDEX matcher.matches_by_time;
CREATE INDEX matches_by_upload ON matcher.matches (person_id, created_at, photo_id) WHERE shown;
CREATE INDEX matches_by_time ON matcher.matches (person_id, sorted_at, photo_id) WHERE shown;
CREATE INDEX matches_shown ON matcher.matches (event_id, person_id) WHERE shown;
"""


def upgrade() -> None:
    for step in (PHOTOS, REQUESTS, MATCHES):
        op.execute(step)
