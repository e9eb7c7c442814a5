"""The languages of consents, and withdrawn consents."""

from alembic import op

revision = "0015"
down_revision = "0014"

# A consent that is withdrawn moves to the second table; `auth.consents` are those in force.
CONSENTS = """
ALTER TABLE auth.consents ADD COLUMN language text NOT NULL DEFAULT '';
CREATE TABLE auth.withdrawn_consents (
    user_id uuid NOT NULL REFERENCES auth.users ON DELETE CASCADE,
    event_id uuid NOT NULL,
    version text NOT NULL,
    language text NOT NULL,
    given_at timestamptz NOT NULL,
    withdrawn_at timestamptz NOT NULL
);
CREATE INDEX withdrawn_consents_of_user ON auth.withdrawn_consents (user_id);
ALTER TABLE auth.users ADD COLUMN consent_withdrawn_at timestamptz;
"""


def upgrade() -> None:
    op.execute(CONSENTS)
