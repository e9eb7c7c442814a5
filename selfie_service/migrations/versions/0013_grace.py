"""Faces of accounts that are in no event any more go a day later."""

from alembic import op

revision = "0013"
down_revision = "0010"

# Nothing goes sooner than was promised: accounts that left before keep their faces for 30 days since then, which is 29
# days more than those who leave from now on.
WITHOUT_EVENTS = """
UPDATE selfie.people SET without_events_since = without_events_since + interval '29 days'
    WHERE without_events_since IS NOT NULL
"""


def upgrade() -> None:
    op.execute(WITHOUT_EVENTS)
