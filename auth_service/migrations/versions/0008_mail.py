"""Notification addresses of guests, the e-mail queue, and unsubscribed addresses."""

from alembic import op

revision = "0008"
down_revision = "0007"

MAIL = """
CREATE TABLE auth.notices (
    event_id uuid NOT NULL,
    user_id uuid NOT NULL,
    email text NOT NULL,
    email_key text NOT NULL,
    address_hash bytea NOT NULL,
    language text NOT NULL,
    due boolean NOT NULL DEFAULT true,
    PRIMARY KEY (event_id, user_id),
    FOREIGN KEY (event_id, user_id) REFERENCES auth.memberships (event_id, user_id) ON DELETE CASCADE
);
CREATE INDEX notices_by_address ON auth.notices (email_key);
CREATE INDEX notices_by_hash ON auth.notices (address_hash);
CREATE INDEX notices_due ON auth.notices (event_id, user_id) WHERE due;
CREATE TABLE auth.mails (
    id uuid PRIMARY KEY,
    kind text NOT NULL,
    user_id uuid NOT NULL REFERENCES auth.users ON DELETE CASCADE,
    event_id uuid REFERENCES auth.events ON DELETE CASCADE,
    address text,
    address_hash bytea,
    language text NOT NULL,
    token text UNIQUE,
    state text NOT NULL DEFAULT 'waiting',
    attempt integer NOT NULL DEFAULT 0,
    lease_until timestamptz,
    retry_at timestamptz NOT NULL DEFAULT now(),
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT addresses_of_open_mails CHECK ((address IS NULL) = (state IN ('sent', 'failed')))
);
CREATE INDEX mails_open ON auth.mails (retry_at) WHERE state IN ('waiting', 'sending');
CREATE INDEX mails_of_user ON auth.mails (user_id, created_at);
CREATE INDEX mails_of_event ON auth.mails (event_id, user_id);
CREATE INDEX mails_by_hash ON auth.mails (address_hash);
CREATE UNIQUE INDEX first_photos_once ON auth.mails (event_id, user_id)
    WHERE kind = 'first_photos' AND state <> 'failed';
CREATE UNIQUE INDEX one_sign_in_at_once ON auth.mails (user_id)
    WHERE kind = 'sign_in' AND state IN ('waiting', 'sending');
CREATE TABLE auth.unsubscribed (
    address_hash bytea PRIMARY KEY,
    event_id uuid NOT NULL REFERENCES auth.events ON DELETE CASCADE
);
CREATE INDEX unsubscribed_of_event ON auth.unsubscribed (event_id);
"""


def upgrade() -> None:
    op.execute(MAIL)
