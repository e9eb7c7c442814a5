"""Sessions that can be listed and ended, and links that change a password or an e-mail address."""

from alembic import op

revision = "0014"
down_revision = "0013"

SESSIONS = """
-- Of the session, copied from token to token: when it began, and what it began on. Those from before begin now.
ALTER TABLE auth.refresh_tokens
    ADD COLUMN began_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN made_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN device text NOT NULL DEFAULT '';
-- The sessions that ended a moment ago, in commit order, for those who verify access tokens.
CREATE TABLE auth.session_feed (last bigint NOT NULL);
INSERT INTO auth.session_feed VALUES (0);
CREATE TABLE auth.ended_sessions (
    sequence bigint PRIMARY KEY,
    user_id uuid NOT NULL,
    session_id uuid,
    ended_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
"""

LINKS = """
CREATE TABLE auth.account_links (
    token_hash bytea PRIMARY KEY,
    kind text NOT NULL,
    user_id uuid NOT NULL REFERENCES auth.users ON DELETE CASCADE,
    email text,
    expires_at timestamptz NOT NULL
);
CREATE INDEX account_links_of_user ON auth.account_links (user_id);
CREATE INDEX account_links_by_expiry ON auth.account_links (expires_at);
CREATE UNIQUE INDEX one_account_link_at_once ON auth.mails (user_id, kind)
    WHERE kind IN ('reset', 'email') AND state IN ('waiting', 'sending');
"""


def upgrade() -> None:
    op.execute(SESSIONS)
    op.execute(LINKS)
