"""For photographers: lists of the photos that one member added."""

from alembic import op

revision = "0005"
down_revision = "0004"

UPLOADERS = """
CREATE INDEX photos_by_uploader_and_upload ON matcher.photos (event_id, uploader_id, created_at, id);
CREATE INDEX photos_by_uploader_and_time ON matcher.photos (event_id, uploader_id, sorted_at, id);
"""


def upgrade() -> None:
    op.execute(UPLOADERS)
