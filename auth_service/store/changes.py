"""SQL of the change feed: appended to in the transaction of the change, and numbered in commit order."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, Row, text

from auth_service.domain import Change, ChangeKind, GuestPhotos, Role
from auth_service.offers import Download
from kit.db.engine import transaction

APPEND = """
WITH next AS (UPDATE auth.feed SET last = last + 1 RETURNING last)
INSERT INTO auth.changes (sequence, kind, event_id, user_id, role, name, closed, expires_at, held, releases_at,
    download, guest_photos, without_search)
SELECT last, :kind, :event_id, :user_id, :role, :name, :closed, :expires_at, :held, :releases_at, :download,
    :guest_photos, :without_search
FROM next
"""


class ChangeStore:
    """Reads the change feed."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def list_changes(self, after: int, limit: int) -> list[Change]:
        query = text("SELECT * FROM auth.changes WHERE sequence > :after ORDER BY sequence LIMIT :limit")
        with transaction(self._engine) as connection:
            return [_change(row) for row in connection.execute(query, {"after": after, "limit": limit})]

    def find_last(self) -> int:
        """Returns the number of the newest change; 0 before the first."""
        with transaction(self._engine) as connection:
            last: int = connection.execute(text("SELECT last FROM auth.feed")).scalar_one()
            return last

    def list_newest(self) -> list[Change]:
        query = text("SELECT * FROM auth.changes ORDER BY sequence DESC LIMIT 1")
        with transaction(self._engine) as connection:
            return [_change(row) for row in connection.execute(query)]


def append_change(
    connection: Connection,
    kind: ChangeKind,
    *,
    event_id: UUID | None = None,
    user_id: UUID | None = None,
    role: Role | None = None,
    name: str | None = None,
    closed: bool | None = None,
    expires_at: datetime | None = None,
    held: bool | None = None,
    releases_at: datetime | None = None,
    download: str | None = None,
    guest_photos: str | None = None,
    without_search: bool = False,
) -> None:
    """Must be the last statement of a transaction: the row of `auth.feed` stays locked until the commit, which makes
    the numbers gapless and in commit order."""
    connection.execute(
        text(APPEND),
        {
            "kind": kind.value,
            "event_id": event_id,
            "user_id": user_id,
            "role": role.value if role else None,
            "name": name,
            "closed": closed,
            "expires_at": expires_at,
            "held": held,
            "releases_at": releases_at,
            "download": download,
            "guest_photos": guest_photos,
            "without_search": without_search,
        },
    )


def append_joined(connection: Connection, event_id: UUID, user_id: UUID, role: Role, is_searched: bool) -> None:
    """For a member who is new, was admitted, changed their role, or is searched from now on."""
    append_change(
        connection,
        ChangeKind.JOINED,
        event_id=event_id,
        user_id=user_id,
        role=role,
        without_search=not is_searched,
    )


def append_left(connection: Connection, event_id: UUID, user_ids: Sequence[UUID], only_last: bool = False) -> None:
    """For users whose membership has just ended; `only_last`: only for those who are in no event any more.

    That is determined under the lock of the feed, so that of two memberships that end concurrently one is the last.
    """
    connection.execute(text("SELECT FROM auth.feed FOR UPDATE"))
    append = text(
        """
        WITH ended AS (
            SELECT user_id, NOT EXISTS (SELECT FROM auth.memberships m WHERE m.user_id = one.user_id) AS is_last
            FROM unnest(CAST(:users AS uuid[])) AS one (user_id)),
        noted AS (SELECT *, row_number() OVER (ORDER BY user_id) AS place FROM ended WHERE is_last OR NOT :only_last),
        next AS (UPDATE auth.feed SET last = last + (SELECT count(*) FROM noted) RETURNING last)
        INSERT INTO auth.changes (sequence, kind, event_id, user_id, last_membership)
        SELECT last - (SELECT count(*) FROM noted) + place, :kind, :event, user_id, is_last FROM noted, next
        """
    )
    values = {"users": list(user_ids), "only_last": only_last, "kind": ChangeKind.LEFT.value, "event": event_id}
    connection.execute(append, values)


def append_event_change(connection: Connection, event_id: UUID) -> None:
    """For an event that was created or changed. A hidden event is sent as held back, without a release time."""
    query = text(
        "SELECT id, name, closed, expires_at, held OR hidden_at IS NOT NULL AS held,"
        " CASE WHEN hidden_at IS NULL THEN releases_at END AS releases_at, download, guest_photos"
        " FROM auth.events WHERE id = :event"
    )
    event = connection.execute(query, {"event": event_id}).one()
    append_change(
        connection,
        ChangeKind.EVENT_UPDATED,
        event_id=event.id,
        name=event.name,
        closed=event.closed,
        expires_at=event.expires_at,
        held=event.held,
        releases_at=event.releases_at,
        download=event.download,
        guest_photos=event.guest_photos,
    )


def bury(connection: Connection, gone: UUID) -> None:
    """Keeps a tombstone forever: the id of what was deleted, and nothing else about it."""
    connection.execute(text("INSERT INTO auth.tombstones (id) VALUES (:id) ON CONFLICT DO NOTHING"), {"id": gone})


def _change(row: Row[Any]) -> Change:
    return Change(
        sequence=row.sequence,
        kind=ChangeKind(row.kind),
        event_id=row.event_id,
        user_id=row.user_id,
        role=Role(row.role) if row.role else None,
        name=row.name,
        closed=row.closed,
        expires_at=row.expires_at,
        created_at=row.created_at,
        held=row.held,
        releases_at=row.releases_at,
        download=Download(row.download) if row.download else None,
        guest_photos=GuestPhotos(row.guest_photos) if row.guest_photos else None,
        without_search=row.without_search,
        last_membership=row.last_membership,
    )
