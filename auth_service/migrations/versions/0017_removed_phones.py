"""The phone with which a removed guest had joined; unknown for earlier removals."""

from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.execute("ALTER TABLE auth.removals ADD COLUMN phone_hash bytea")
    op.execute("CREATE INDEX removed_phones ON auth.removals (event_id, phone_hash) WHERE phone_hash IS NOT NULL")
