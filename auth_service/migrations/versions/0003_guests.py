"""Guests without user name, e-mail address and password, their consents, and sign-in links."""

from alembic import op

revision = "0003"
down_revision = "0002"

GUESTS = """
ALTER TABLE auth.users
    ADD COLUMN display_name text NOT NULL DEFAULT '',
    ALTER COLUMN username DROP NOT NULL,
    ALTER COLUMN username_key DROP NOT NULL,
    ALTER COLUMN email DROP NOT NULL,
    ALTER COLUMN email_key DROP NOT NULL,
    ALTER COLUMN password_hash DROP NOT NULL,
    ADD CONSTRAINT credentials_together
        CHECK (num_nulls(username, username_key, email, email_key, password_hash) IN (0, 5));
CREATE TABLE auth.consents (
    user_id uuid NOT NULL REFERENCES auth.users ON DELETE CASCADE,
    event_id uuid NOT NULL,
    version text NOT NULL,
    given_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, event_id, version)
);
CREATE TABLE auth.sign_in_links (
    token_hash bytea PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES auth.users ON DELETE CASCADE,
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX sign_in_links_of_user ON auth.sign_in_links (user_id);
CREATE INDEX sign_in_links_by_expiry ON auth.sign_in_links (expires_at);
"""


def upgrade() -> None:
    op.execute(GUESTS)
