"""Since when accounts of earlier versions are known to be in no event."""

from alembic import op

revision = "0005"
down_revision = "0004"

LAST_EVENT = """
ALTER TABLE selfie.people ADD COLUMN without_events_since timestamptz;
UPDATE selfie.people p SET without_events_since = now()
    WHERE NOT EXISTS (SELECT FROM selfie.enrolments n WHERE n.person_id = p.person_id);
CREATE INDEX people_without_events ON selfie.people (without_events_since) WHERE without_events_since IS NOT NULL;
"""


def upgrade() -> None:
    op.execute(LAST_EVENT)
