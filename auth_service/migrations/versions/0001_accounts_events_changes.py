"""Accounts, events, memberships, refresh tokens and the change feed."""

from alembic import op

revision = "0001"
down_revision = None

TABLES = """
CREATE TABLE auth.users (
    id uuid PRIMARY KEY,
    request_id uuid UNIQUE,
    username text NOT NULL,
    username_key text NOT NULL UNIQUE,
    email text NOT NULL,
    email_key text NOT NULL UNIQUE,
    password_hash text NOT NULL,
    organiser boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE auth.events (
    id uuid PRIMARY KEY,
    request_id uuid UNIQUE,
    name text NOT NULL,
    code text NOT NULL UNIQUE,
    starts_at timestamptz,
    expires_at timestamptz,
    closed boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE auth.memberships (
    event_id uuid NOT NULL REFERENCES auth.events ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES auth.users ON DELETE CASCADE,
    role text NOT NULL,
    joined_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (event_id, user_id)
);
CREATE INDEX memberships_of_user ON auth.memberships (user_id, joined_at);
CREATE TABLE auth.refresh_tokens (
    token_hash bytea PRIMARY KEY,
    family uuid NOT NULL,
    user_id uuid NOT NULL REFERENCES auth.users ON DELETE CASCADE,
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX refresh_tokens_of_family ON auth.refresh_tokens (family);
CREATE INDEX refresh_tokens_of_user ON auth.refresh_tokens (user_id);
CREATE TABLE auth.feed (last bigint NOT NULL);
INSERT INTO auth.feed VALUES (0);
CREATE TABLE auth.changes (
    sequence bigint PRIMARY KEY,
    kind text NOT NULL,
    event_id uuid,
    user_id uuid,
    role text,
    closed boolean,
    expires_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE TABLE auth.tombstones (id uuid PRIMARY KEY, created_at timestamptz NOT NULL DEFAULT now());
"""


def upgrade() -> None:
    op.execute(TABLES)
