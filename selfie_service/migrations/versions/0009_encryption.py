"""Since when selfies and encodings are encrypted: from the start if there are none yet, otherwise from `reencrypt`,
because processes of the previous version cannot read them."""

from alembic import op

revision = "0009"
down_revision = "0008"

ENCRYPTION = """
CREATE TABLE selfie.encryption (since timestamptz NOT NULL);
INSERT INTO selfie.encryption (since) SELECT now() WHERE NOT EXISTS (SELECT FROM selfie.selfies);
"""


def upgrade() -> None:
    op.execute(ENCRYPTION)
