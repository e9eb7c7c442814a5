"""Since when encodings are encrypted: from the start where there are none yet, otherwise from `reencrypt` on, because
processes of the version before cannot read them."""

from alembic import op

revision = "0015"
down_revision = "0014"

ENCRYPTION = """
CREATE TABLE matcher.encryption (since timestamptz NOT NULL);
INSERT INTO matcher.encryption (since) SELECT now()
    WHERE NOT EXISTS (SELECT FROM matcher.photos) AND NOT EXISTS (SELECT FROM matcher.people);
"""


def upgrade() -> None:
    op.execute(ENCRYPTION)
