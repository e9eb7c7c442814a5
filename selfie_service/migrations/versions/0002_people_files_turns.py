"""People, selfies in the file store, queue positions, and faces held back from closed events."""

from alembic import op

revision = "0002"
down_revision = "0001"

# The first person of an account has the account's id.
PEOPLE = """
ALTER TABLE selfie.users RENAME TO people;
ALTER TABLE selfie.people ADD COLUMN person_id uuid;
UPDATE selfie.people SET person_id = user_id;
ALTER TABLE selfie.selfies DROP CONSTRAINT selfies_user_id_fkey;
ALTER TABLE selfie.enrolments DROP CONSTRAINT enrolments_user_id_fkey;
ALTER TABLE selfie.people DROP CONSTRAINT users_pkey, ADD PRIMARY KEY (person_id);
CREATE INDEX people_of_user ON selfie.people (user_id);
"""
SELFIES = """
ALTER TABLE selfie.selfies
    ADD COLUMN person_id uuid REFERENCES selfie.people ON DELETE CASCADE,
    ADD COLUMN image_key text,
    ADD COLUMN queued_at timestamptz NOT NULL DEFAULT now();
UPDATE selfie.selfies SET person_id = user_id, queued_at = created_at;
-- `image` holds what version 0001 received, until a worker has moved it into a file.
ALTER TABLE selfie.selfies
    ALTER COLUMN person_id SET NOT NULL,
    ADD CHECK (image_key IS NULL OR state IN ('pending', 'active', 'error'));
DROP INDEX selfie.one_active_selfie;
DROP INDEX selfie.one_pending_selfie;
DROP INDEX selfie.newest_selfie;
DROP INDEX selfie.pending_selfies;
CREATE UNIQUE INDEX one_active_selfie ON selfie.selfies (person_id) WHERE state = 'active';
CREATE UNIQUE INDEX one_pending_selfie ON selfie.selfies (person_id) WHERE state = 'pending';
CREATE INDEX newest_selfie ON selfie.selfies (person_id, revision);
CREATE INDEX pending_selfies ON selfie.selfies (queued_at) WHERE state = 'pending';
CREATE INDEX selfie_keys ON selfie.selfies (image_key) WHERE image_key IS NOT NULL;
CREATE INDEX selfies_without_file ON selfie.selfies (id) WHERE image IS NOT NULL;
CREATE TABLE selfie.blob_deletions (key text PRIMARY KEY, created_at timestamptz NOT NULL DEFAULT now());
CREATE INDEX blob_deletions_by_age ON selfie.blob_deletions (created_at, key);
"""
ENROLMENTS = """
ALTER TABLE selfie.enrolments
    ADD COLUMN person_id uuid REFERENCES selfie.people ON DELETE CASCADE,
    ADD COLUMN turn_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN held_revision bigint;
UPDATE selfie.enrolments SET person_id = user_id, turn_at = retry_at;
ALTER TABLE selfie.enrolments
    DROP CONSTRAINT enrolments_pkey,
    ADD PRIMARY KEY (event_id, person_id);
DROP INDEX selfie.due_enrolments;
DROP INDEX selfie.enrolments_of_event;
CREATE INDEX enrolments_of_person ON selfie.enrolments (person_id, event_id);
CREATE INDEX enrolments_of_user ON selfie.enrolments (user_id, event_id);
CREATE INDEX due_enrolments ON selfie.enrolments (turn_at) WHERE wanted_revision > published_revision;
CREATE INDEX due_of_event ON selfie.enrolments (event_id, turn_at) WHERE wanted_revision > published_revision;
CREATE INDEX held_enrolments ON selfie.enrolments (event_id) WHERE held_revision IS NOT NULL;
"""


def upgrade() -> None:
    for step in (PEOPLE, SELFIES, ENROLMENTS):
        op.execute(step)
