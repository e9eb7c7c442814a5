"""Faces of accounts that are in no event any more go a day later; tables with names and encodings are vacuumed after a
few deletions, so that their space is used again soon."""

from alembic import op

revision = "0011"
down_revision = "0010"

# Nothing goes sooner than was promised: accounts that left before keep their faces for 30 days since then, which is 29
# days more than those who leave from now on.
WITHOUT_EVENTS = """
UPDATE selfie.people SET without_events_since = without_events_since + interval '29 days'
    WHERE without_events_since IS NOT NULL
"""


# Every revision writes the row of a person again, so a few more than in auth_service.
TABLES = ("people", "selfies")


def upgrade() -> None:
    op.execute(WITHOUT_EVENTS)
    for table in TABLES:
        op.execute(
            f"ALTER TABLE selfie.{table} SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200,"
            " toast.autovacuum_vacuum_scale_factor = 0, toast.autovacuum_vacuum_threshold = 200)"
        )
