"""The phone with which a guest joined, as a keyed hash."""

from alembic import op

revision = "0012"
down_revision = "0011"

# Unknown for earlier memberships.
PHONES = "ALTER TABLE auth.memberships ADD COLUMN phone_hash bytea;"


def upgrade() -> None:
    op.execute(PHONES)
