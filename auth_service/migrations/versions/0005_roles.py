"""Invitations, the times of removals, and the setup code for the first organiser."""

from alembic import op

revision = "0005"
down_revision = "0004"

ROLES = """
ALTER TABLE auth.removals ADD COLUMN removed_at timestamptz NOT NULL DEFAULT clock_timestamp();
CREATE TABLE auth.invitations (
    id uuid PRIMARY KEY,
    event_id uuid NOT NULL REFERENCES auth.events ON DELETE CASCADE,
    role text NOT NULL CHECK (role IN ('organiser', 'couple', 'photographer')),
    token_hash bytea NOT NULL UNIQUE,
    created_by uuid NOT NULL REFERENCES auth.users ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL,
    -- Who accepted it.
    used_by uuid
);
CREATE INDEX invitations_of_event ON auth.invitations (event_id, created_at, id);
CREATE INDEX invitations_of_creator ON auth.invitations (created_by);
CREATE INDEX invitations_by_expiry ON auth.invitations (expires_at);
-- At most one row, and only while no account may create events.
CREATE TABLE auth.setup_codes (
    id smallint PRIMARY KEY DEFAULT 1 CHECK (id = 1),
    code_hash bytea NOT NULL
);
"""


def upgrade() -> None:
    op.execute(ROLES)
