"""Places in the queues of selfies and rematches, and faces held back from events that are closed."""

from alembic import op

revision = "0002"
down_revision = "0001"

# Processes of the previous version go on working: they ignore the new columns, which have defaults.
SELFIES = """
ALTER TABLE selfie.selfies ADD COLUMN queued_at timestamptz NOT NULL DEFAULT now();
UPDATE selfie.selfies SET queued_at = created_at WHERE state = 'pending';
DROP INDEX selfie.pending_selfies;
CREATE INDEX pending_selfies ON selfie.selfies (queued_at) WHERE state = 'pending';
"""
ENROLMENTS = """
ALTER TABLE selfie.enrolments ADD COLUMN turn_at timestamptz NOT NULL DEFAULT now(), ADD COLUMN held_revision bigint;
UPDATE selfie.enrolments SET turn_at = retry_at WHERE wanted_revision > published_revision;
DROP INDEX selfie.due_enrolments;
DROP INDEX selfie.enrolments_of_event;
CREATE INDEX due_enrolments ON selfie.enrolments (turn_at) WHERE wanted_revision > published_revision;
CREATE INDEX due_of_event ON selfie.enrolments (event_id, turn_at) WHERE wanted_revision > published_revision;
CREATE INDEX enrolments_of_event ON selfie.enrolments (event_id, user_id);
CREATE INDEX held_enrolments ON selfie.enrolments (event_id) WHERE held_revision IS NOT NULL;
"""


def upgrade() -> None:
    op.execute(SELFIES)
    op.execute(ENROLMENTS)
