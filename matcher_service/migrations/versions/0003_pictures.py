"""Pictures of 960 pixels; columns about pictures for lists."""

from alembic import op

revision = "0003"
down_revision = "0002"

PHOTOS = """
ALTER TABLE matcher.photos
    -- Photos of earlier versions have none; the preview is sent instead.
    ADD COLUMN medium_key text,
    -- Of the original as it is sent; unknown where version 0002 has read the photo and encoded the original anew.
    ADD COLUMN original_bytes bigint,
    -- Another one whenever the parts are others; lists read it instead of the parts, which may hold a colour profile.
    ADD COLUMN original_digest text GENERATED ALWAYS AS (md5(original_parts::text)) STORED;
DROP INDEX matcher.photo_keys;
CREATE INDEX photo_keys ON matcher.photos
    USING gin ((ARRAY[upload_key, thumb_key, preview_key, original_key, medium_key]));
"""

SIZES = """
UPDATE matcher.photos SET original_bytes = (
    SELECT sum(CASE jsonb_typeof(part)
        WHEN 'array' THEN CAST(part ->> 1 AS bigint) - CAST(part ->> 0 AS bigint)
        ELSE octet_length(decode(part #>> '{}', 'base64')) END)
    FROM jsonb_array_elements(original_parts) AS part)
WHERE original_parts IS NOT NULL;
"""


def upgrade() -> None:
    op.execute(PHOTOS)
    op.execute(SIZES)
