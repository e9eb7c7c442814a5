"""Names compared by NFKC_Casefold, member counts, event names in the feed, indexes for lists and expiry."""

from uuid import UUID

from alembic import op
from sqlalchemy import text

from auth_service.domain import fold

revision = "0002"
down_revision = "0001"

# Named `member_count`, since processes of version 0001 select all columns and a computed `guest_count`.
TABLES = """
ALTER TABLE auth.events ADD COLUMN member_count integer NOT NULL DEFAULT 0;
UPDATE auth.events e SET member_count = (SELECT count(*) FROM auth.memberships m WHERE m.event_id = e.id);
CREATE INDEX memberships_by_time ON auth.memberships (event_id, joined_at, user_id);
CREATE INDEX refresh_tokens_by_expiry ON auth.refresh_tokens (expires_at);
ALTER TABLE auth.changes ADD COLUMN name text;
"""
BATCH = 1000
COLUMNS = {"username_key": "username", "email_key": "email"}


def upgrade() -> None:
    op.execute(TABLES)
    for key, shown in COLUMNS.items():
        _fold_again(key, shown)


def _fold_again(key: str, shown: str) -> None:
    """Of two accounts whose names are equal in the new form, the older one gets it; the other one keeps the old form,
    by which `find_login` finds it."""
    connection = op.get_bind()
    page = text(
        f"SELECT id, created_at, {shown} AS shown, {key} AS known FROM auth.users"
        f" WHERE (created_at, id) > (:at, :id) ORDER BY created_at, id LIMIT {BATCH}"
    )
    update = text(
        f"UPDATE auth.users SET {key} = :key WHERE id = :id AND NOT EXISTS (SELECT FROM auth.users WHERE {key} = :key)"
    )
    place: dict[str, object] = {"at": "-infinity", "id": UUID(int=0)}
    while rows := connection.execute(page, place).all():
        for row in rows:
            if (folded := fold(row.shown)) != row.known:
                connection.execute(update, {"key": folded, "id": row.id})
        place = {"at": rows[-1].created_at, "id": rows[-1].id}
