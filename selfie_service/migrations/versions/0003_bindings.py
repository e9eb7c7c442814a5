"""The first face of each person, and the times at which accounts bound one within the last day."""

from alembic import op

revision = "0003"
down_revision = "0002"

# Bindings from before this version do not count towards the daily limit.
BINDINGS = """
ALTER TABLE selfie.people ADD COLUMN bound_encoding bytea;
UPDATE selfie.people p SET bound_encoding = s.encoding
    FROM selfie.selfies s WHERE s.person_id = p.person_id AND s.state = 'active';
CREATE TABLE selfie.bindings (user_id uuid NOT NULL, bound_at timestamptz NOT NULL DEFAULT now());
CREATE INDEX bindings_of_user ON selfie.bindings (user_id, bound_at);
CREATE INDEX bindings_by_age ON selfie.bindings (bound_at);
"""


def upgrade() -> None:
    op.execute(BINDINGS)
