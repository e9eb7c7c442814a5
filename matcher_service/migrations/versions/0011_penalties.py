"""Penalties added to the distances of faces, and whether HOG sees a face; existing faces have no penalty."""

from alembic import op

revision = "0011"
down_revision = "0010"

FACES = """
ALTER TABLE matcher.faces
    ADD COLUMN penalty real NOT NULL DEFAULT 0 CHECK (penalty >= 0),
    ADD COLUMN sure boolean NOT NULL DEFAULT true;
"""


def upgrade() -> None:
    op.execute(FACES)
