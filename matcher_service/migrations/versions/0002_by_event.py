"""Everything keyed by its event; people, counters, the order of photos, how originals are sent."""

from alembic import op

revision = "0002"
down_revision = "0001"

EVENTS = """
ALTER TABLE matcher.events
    ADD COLUMN name text NOT NULL DEFAULT '',
    ADD COLUMN gone boolean NOT NULL DEFAULT false,
    ADD COLUMN last_number bigint NOT NULL DEFAULT 0,
    ADD COLUMN pending_count bigint NOT NULL DEFAULT 0,
    ADD COLUMN indexed_count bigint NOT NULL DEFAULT 0,
    ADD COLUMN failed_count bigint NOT NULL DEFAULT 0,
    ADD COLUMN face_count bigint NOT NULL DEFAULT 0;
CREATE INDEX gone_events ON matcher.events (id) WHERE gone;
UPDATE matcher.events e SET last_number = p.total, pending_count = p.pending, indexed_count = p.indexed,
    failed_count = p.failed, face_count = p.faces
FROM (
    SELECT event_id, count(*) AS total, count(*) FILTER (WHERE state = 'pending') AS pending,
        count(*) FILTER (WHERE state = 'indexed') AS indexed, count(*) FILTER (WHERE state = 'failed') AS failed,
        coalesce(sum(face_count), 0) AS faces
    FROM matcher.photos GROUP BY event_id) p
WHERE p.event_id = e.id;
"""

PHOTOS = """
ALTER TABLE matcher.faces DROP CONSTRAINT faces_photo_id_fkey;
ALTER TABLE matcher.matches DROP CONSTRAINT matches_photo_id_fkey;
ALTER TABLE matcher.photos
    DROP CONSTRAINT photos_pkey,
    ADD PRIMARY KEY (event_id, id),
    ADD COLUMN number bigint,
    ADD COLUMN uploader_id uuid,
    ADD COLUMN content_type text NOT NULL DEFAULT '',
    ADD COLUMN visibility text NOT NULL DEFAULT 'matched',
    ADD COLUMN engine_version integer NOT NULL DEFAULT 1,
    ADD COLUMN taken_offset_min smallint,
    ADD COLUMN original_parts jsonb,
    ADD COLUMN sorted_at timestamptz GENERATED ALWAYS AS (coalesce(taken_at, created_at)) STORED;
UPDATE matcher.photos p SET number = n.number FROM (
    SELECT event_id, id, row_number() OVER (PARTITION BY event_id ORDER BY created_at, id) AS number
    FROM matcher.photos) n
WHERE (n.event_id, n.id) = (p.event_id, p.id);
ALTER TABLE matcher.photos ALTER COLUMN number SET NOT NULL;
CREATE TABLE matcher.photo_events (
    photo_id uuid PRIMARY KEY,
    event_id uuid NOT NULL,
    FOREIGN KEY (event_id, photo_id) REFERENCES matcher.photos (event_id, id) ON DELETE CASCADE
);
INSERT INTO matcher.photo_events SELECT id, event_id FROM matcher.photos;
DROP INDEX matcher.photos_of_event;
CREATE INDEX photos_by_upload ON matcher.photos (event_id, created_at, id);
CREATE INDEX photos_by_time ON matcher.photos (event_id, sorted_at, id);
CREATE INDEX photos_by_state_and_upload ON matcher.photos (event_id, state, created_at, id);
CREATE INDEX photos_by_state_and_time ON matcher.photos (event_id, state, sorted_at, id);
CREATE INDEX photos_to_claim ON matcher.photos (event_id, created_at) WHERE state = 'pending';
CREATE INDEX photo_keys ON matcher.photos USING gin ((ARRAY[upload_key, thumb_key, preview_key, original_key]));
CREATE INDEX blob_deletions_by_age ON matcher.blob_deletions (created_at, key);
"""

FACES = """
CREATE TABLE matcher.faces_by_event (
    event_id uuid NOT NULL,
    photo_id uuid NOT NULL,
    face_no smallint NOT NULL,
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
-- Encodings do not compress.
ALTER TABLE matcher.faces_by_event ALTER COLUMN encoding SET STORAGE EXTERNAL;
INSERT INTO matcher.faces_by_event
SELECT p.event_id, photo_id, row_number() OVER (PARTITION BY photo_id ORDER BY f.id) - 1, version, encoding, "left",
    top, f.width, f.height, size_px, sharpness, brightness, yaw
FROM matcher.faces f JOIN matcher.photos p ON p.id = f.photo_id;
DROP TABLE matcher.faces;
ALTER TABLE matcher.faces_by_event RENAME TO faces;
ALTER TABLE matcher.faces
    ADD PRIMARY KEY (event_id, photo_id, face_no),
    ADD FOREIGN KEY (event_id, photo_id) REFERENCES matcher.photos (event_id, id) ON DELETE CASCADE;
CREATE INDEX faces_by_version ON matcher.faces (event_id, version, photo_id, face_no);
"""

PEOPLE = """
ALTER TABLE matcher.guests RENAME TO people;
ALTER TABLE matcher.people RENAME COLUMN encoding TO encodings;
ALTER TABLE matcher.people ADD COLUMN person_id uuid;
-- The first person of an account has the account's id.
UPDATE matcher.people SET person_id = user_id;
ALTER TABLE matcher.people
    DROP CONSTRAINT guests_pkey,
    ALTER COLUMN person_id SET NOT NULL,
    ADD PRIMARY KEY (event_id, person_id);
CREATE INDEX people_of_user ON matcher.people (user_id, event_id);
"""

MATCHES = """
CREATE TABLE matcher.matches_by_event (
    event_id uuid NOT NULL,
    person_id uuid NOT NULL,
    photo_id uuid NOT NULL,
    -- The photo's face that is nearest to the person, and how near; unknown for matches of version 0001.
    face_no smallint,
    distance real,
    -- Those of the photo, so that a list is read from one index.
    created_at timestamptz NOT NULL,
    sorted_at timestamptz NOT NULL
);
INSERT INTO matcher.matches_by_event
SELECT p.event_id, m.user_id, m.photo_id, NULL, NULL, p.created_at, p.sorted_at
FROM matcher.matches m JOIN matcher.photos p ON p.id = m.photo_id;
DROP TABLE matcher.matches;
ALTER TABLE matcher.matches_by_event RENAME TO matches;
ALTER TABLE matcher.matches
    ADD PRIMARY KEY (event_id, person_id, photo_id),
    ADD FOREIGN KEY (event_id, photo_id) REFERENCES matcher.photos (event_id, id) ON DELETE CASCADE;
CREATE INDEX matches_of_photo ON matcher.matches (event_id, photo_id);
CREATE INDEX matches_by_upload ON matcher.matches (person_id, created_at, photo_id);
CREATE INDEX matches_by_time ON matcher.matches (person_id, sorted_at, photo_id);
CREATE TABLE matcher.refusals (
    event_id uuid NOT NULL,
    person_id uuid NOT NULL,
    photo_id uuid NOT NULL,
    face_no smallint NOT NULL,
    PRIMARY KEY (event_id, person_id, photo_id, face_no),
    FOREIGN KEY (event_id, photo_id) REFERENCES matcher.photos (event_id, id) ON DELETE CASCADE
);
CREATE INDEX refusals_of_photo ON matcher.refusals (event_id, photo_id);
"""


def upgrade() -> None:
    for step in (EVENTS, PHOTOS, FACES, PEOPLE, MATCHES):
        op.execute(step)
