"""Events to be settled, and matches that the selfie alone does not find."""

from alembic import op

revision = "0012"
down_revision = "0011"

MATCHES = "ALTER TABLE matcher.matches ADD COLUMN grown boolean NOT NULL DEFAULT false"

SETTLEMENTS = """
-- A row is a job while `changes` is ahead of `settled`. It stays, so that its counters only grow.
CREATE TABLE matcher.settlements (
    event_id uuid PRIMARY KEY REFERENCES matcher.events ON DELETE CASCADE,
    changes bigint NOT NULL DEFAULT 1,
    settled bigint NOT NULL DEFAULT 0,
    -- Those of the changes after which what was computed before must not be published.
    resets bigint NOT NULL DEFAULT 0,
    -- The first change since the event was settled.
    since timestamptz NOT NULL DEFAULT now(),
    attempt integer NOT NULL DEFAULT 0,
    lease_until timestamptz
);
CREATE INDEX settlements_to_claim ON matcher.settlements (since) WHERE changes > settled;
INSERT INTO matcher.settlements (event_id)
SELECT id FROM matcher.events e WHERE NOT gone AND indexed_count > 0 AND EXISTS (
    SELECT FROM matcher.people o WHERE o.event_id = e.id AND o.encodings IS NOT NULL);
"""


def upgrade() -> None:
    op.execute(MATCHES)
    op.execute(SETTLEMENTS)
