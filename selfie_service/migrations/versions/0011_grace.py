"""Deletes faces of accounts that are in no event one day later, and vacuums tables with names and encodings after a few
deletions, so that their space is soon reused."""

from alembic import op

revision = "0011"
down_revision = "0010"

# Faces are not deleted earlier than promised: accounts that left before this version keep their faces for 30 days, 29
# days longer than accounts that leave from now on.
WITHOUT_EVENTS = """
UPDATE selfie.people SET without_events_since = without_events_since + interval '29 days'
    WHERE without_events_since IS NOT NULL
"""


# Every revision rewrites the row of a person, so that the threshold is slightly higher than in auth_service.
TABLES = ("people", "selfies")


def upgrade() -> None:
    op.execute(WITHOUT_EVENTS)
    for table in TABLES:
        op.execute(
            f"ALTER TABLE selfie.{table} SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200,"
            " toast.autovacuum_vacuum_scale_factor = 0, toast.autovacuum_vacuum_threshold = 200)"
        )
