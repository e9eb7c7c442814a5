"""What lists say of pictures: which version of the original is sent."""

from alembic import op

revision = "0003"
down_revision = "0002"

ORIGINALS = """
ALTER TABLE matcher.photos
    -- Another one whenever the parts are others; lists read it instead of the parts, which may hold a colour profile.
    ADD COLUMN original_digest text GENERATED ALWAYS AS (md5(original_parts::text)) STORED;
"""


def upgrade() -> None:
    op.execute(ORIGINALS)
