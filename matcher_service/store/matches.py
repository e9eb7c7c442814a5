"""SQL of matches: what a rematch reads and publishes, what a guest sees."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, text

from kit.db import transaction
from kit.pages import Page
from matcher_service.domain import NEWEST_FIRST, EventNotFound, FaceBatch, Listing, Match, Rematch
from matcher_service.store.events import find_member, lock_event, raise_version
from matcher_service.store.lists import select_matches

FindNewer = Callable[[FaceBatch], Sequence[UUID]]


class MatchStore:
    """Who is in which photo."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def load_faces(self, event_id: UUID, after: int) -> FaceBatch | None:
        """The faces published after a version; None: no event."""
        with transaction(self._engine) as connection:
            query = text("SELECT version, deleted_version FROM matcher.events WHERE id = :event")
            event = connection.execute(query, {"event": event_id}).first()
            if event is None:
                return None
            return _load_faces(connection, event_id, after, event.version, event.deleted_version)

    def versions(self, event_ids: Iterable[UUID]) -> Mapping[UUID, int]:
        query = text("SELECT id, version FROM matcher.events WHERE id = ANY(:events)")
        with transaction(self._engine) as connection:
            return {row.id: row.version for row in connection.execute(query, {"events": list(event_ids)})}

    def publish(self, rematch: Rematch, found: Sequence[UUID], compared: int, find_newer: FindNewer) -> int | None:
        """Replaces the guest's matches in the event at once; how many there are now, None when a newer one was here.

        `found` are the photos among the faces up to version `compared`; the faces since then are compared here, under
        the lock, by `find_newer`. A photo deleted meanwhile drops out, because only photos that are there and indexed
        are inserted.
        Raises EventNotFound when the event or the membership is gone.
        """
        guest = {"event": rematch.event_id, "user": rematch.user_id}
        with transaction(self._engine, "match-publish") as connection:
            version = lock_event(connection, rematch.event_id)
            if version is None or find_member(connection, rematch.event_id, rematch.user_id) is None:
                raise EventNotFound
            if self._is_stale(connection, rematch):
                return None
            if rematch.encoding is not None:
                newer = _load_faces(connection, rematch.event_id, compared, version, 0)
                found = [*found, *find_newer(newer)]
            self._replace(connection, guest, found)
            connection.execute(
                text(
                    "INSERT INTO matcher.guests (event_id, user_id, revision, encoding)"
                    " VALUES (:event, :user, :revision, :encoding) ON CONFLICT (event_id, user_id)"
                    " DO UPDATE SET revision = excluded.revision, encoding = excluded.encoding"
                ),
                {**guest, "revision": rematch.revision, "encoding": rematch.encoding},
            )
            raise_version(connection, rematch.event_id)
            count = text(
                "SELECT count(*) FROM matcher.matches WHERE user_id = :user"
                " AND photo_id IN (SELECT id FROM matcher.photos WHERE event_id = :event)"
            )
            matched: int = connection.execute(count, guest).scalar_one()
            return matched

    def list_matches(
        self, user_id: UUID, event_id: UUID | None, page: Page, listing: Listing = NEWEST_FIRST
    ) -> list[Match]:
        """The key of a page is `listing.key`."""
        with transaction(self._engine) as connection:
            return [
                Match(row.id, row.event_id, row.width, row.height, row.taken_at, row.created_at)
                for row in select_matches(connection, user_id, event_id, listing, page)
            ]

    def _is_stale(self, connection: Connection, rematch: Rematch) -> bool:
        """Whether a newer revision of the guest was published or forgotten before."""
        query = text("SELECT revision FROM matcher.guests WHERE event_id = :event AND user_id = :user")
        row = connection.execute(query, {"event": rematch.event_id, "user": rematch.user_id}).first()
        return row is not None and row.revision > rematch.revision

    def _replace(self, connection: Connection, guest: Mapping[str, Any], photo_ids: Sequence[UUID]) -> None:
        connection.execute(
            text(
                "DELETE FROM matcher.matches WHERE user_id = :user"
                " AND photo_id IN (SELECT id FROM matcher.photos WHERE event_id = :event)"
            ),
            guest,
        )
        connection.execute(
            text(
                "INSERT INTO matcher.matches (user_id, photo_id) SELECT :user, id FROM matcher.photos"
                " WHERE event_id = :event AND id = ANY(:photos) AND state = 'indexed'"
            ),
            {**guest, "photos": list(photo_ids)},
        )


def _load_faces(connection: Connection, event_id: UUID, after: int, version: int, deleted_version: int) -> FaceBatch:
    query = text(
        "SELECT photo_id, encoding FROM matcher.faces WHERE event_id = :event AND version > :after AND version <= :upto"
    )
    rows = connection.execute(query, {"event": event_id, "after": after, "upto": version}).all()
    return FaceBatch(version, deleted_version, [row.photo_id for row in rows], [bytes(row.encoding) for row in rows])
