"""The salt from which the successor of a used refresh token is derived, so that repeated uses return the same one."""

from alembic import op

revision = "0013"
down_revision = "0012"

# NULL if a token is unused, or was used by a process of the previous version.
SALTS = "ALTER TABLE auth.refresh_tokens ADD COLUMN successor_salt bytea;"


def upgrade() -> None:
    op.execute(SALTS)
