"""SQL of sessions that ended a moment ago: numbered in commit order, kept while an access token of theirs may hold."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import Connection, Engine, text

from auth_service.domain import Ended
from kit.db.engine import transaction
from kit.rpc.ended import KEPT_S

LAST = "SELECT last FROM auth.session_feed"
APPEND = """
WITH ended AS (
    SELECT id, row_number() OVER () AS place FROM unnest(CAST(:ids AS uuid[])) AS one (id)),
next AS (UPDATE auth.session_feed SET last = last + (SELECT count(*) FROM ended) RETURNING last)
INSERT INTO auth.ended_sessions (sequence, user_id, session_id)
SELECT last - (SELECT count(*) FROM ended) + place, :user, id FROM ended, next
"""


class EndingStore:
    """Reads the list."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find_last(self) -> int:
        """The number of the newest ending; 0 before the first."""
        with transaction(self._engine) as connection:
            last: int = connection.execute(text(LAST)).scalar_one()
            return last

    def list_after(self, after: int, limit: int) -> tuple[list[Ended], int]:
        """Those after a place that still matter, the oldest first, and the next place."""
        query = text(
            "SELECT sequence, user_id, session_id FROM auth.ended_sessions WHERE sequence > :after"
            " AND ended_at > now() - make_interval(secs => :kept) ORDER BY sequence LIMIT :limit"
        )
        last = self.find_last()  # what has a number up to this one can be seen by the next statement
        with transaction(self._engine) as connection:
            rows = connection.execute(query, {"after": after, "limit": limit, "kept": KEPT_S}).all()
        return [Ended(row.user_id, row.session_id) for row in rows], rows[-1].sequence if rows else last

    def delete_old(self) -> None:
        query = text("DELETE FROM auth.ended_sessions WHERE ended_at <= now() - make_interval(secs => :kept)")
        with transaction(self._engine) as connection:
            connection.execute(query, {"kept": KEPT_S})


def append_ended(connection: Connection, user_id: UUID, session_ids: Collection[UUID | None]) -> None:
    """Of sessions that were just deleted; None stands for all of a user who is being erased. The row of
    `auth.session_feed` stays locked from here to the commit, and is locked before that of `auth.feed`."""
    if session_ids:
        connection.execute(text(APPEND), {"user": user_id, "ids": list(session_ids)})
