"""Since when encodings are encrypted: from the start if there are none yet, otherwise once `reencrypt` has run, because
processes of the previous version cannot read them."""

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
