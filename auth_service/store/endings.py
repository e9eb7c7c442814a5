"""SQL of recently ended sessions, numbered in commit order and kept while one of their access tokens may be valid."""

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
    """Reads the list of ended sessions."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find_last(self) -> int:
        """Returns the number of the newest ended session; 0 before the first."""
        with transaction(self._engine) as connection:
            last: int = connection.execute(text(LAST)).scalar_one()
            return last

    def list_after(self, after: int, limit: int) -> tuple[list[Ended], int]:
        """Returns the relevant sessions after a position, oldest first, and the next position."""
        query = text(
            "SELECT sequence, user_id, session_id FROM auth.ended_sessions WHERE sequence > :after"
            " AND ended_at > now() - make_interval(secs => :kept) ORDER BY sequence LIMIT :limit"
        )
        last = self.find_last()  # first: the next statement sees every row numbered up to this one
        with transaction(self._engine) as connection:
            rows = connection.execute(query, {"after": after, "limit": limit, "kept": KEPT_S}).all()
        return [Ended(row.user_id, row.session_id) for row in rows], rows[-1].sequence if rows else last

    def delete_old(self) -> None:
        query = text("DELETE FROM auth.ended_sessions WHERE ended_at <= now() - make_interval(secs => :kept)")
        with transaction(self._engine) as connection:
            connection.execute(query, {"kept": KEPT_S})


def append_ended(connection: Connection, user_id: UUID, session_ids: Collection[UUID | None]) -> None:
    """Records sessions that were just deleted; None stands for all sessions of a user who is being erased. The row of
    `auth.session_feed` stays locked until the commit; it must be locked before that of `auth.feed`."""
    if session_ids:
        connection.execute(text(APPEND), {"user": user_id, "ids": list(session_ids)})
