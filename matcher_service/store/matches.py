"""SQL of matches: rematches, and the photos that a guest sees."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, Row, text

from kit.db.engine import transaction
from kit.db.pages import Page
from matcher_service.domain import (
    NEWEST_FIRST,
    Download,
    EventNotFound,
    Listing,
    Match,
    NoticeCounts,
    Rematch,
    RevisionTooFarAhead,
)
from matcher_service.faces import FacePage, FoundFace
from matcher_service.matching import drop_rejected
from matcher_service.store.audience import USER, unhidden
from matcher_service.store.encodings import open_person, seal_person
from matcher_service.store.events import find_member, lock_event, may_look, raise_version
from matcher_service.store.faces import read_newer, read_of_photos
from matcher_service.store.hints import hint
from matcher_service.store.lists import COUNT_OF_EACH, count_matches, find_looker, select_matches
from matcher_service.store.marks import mark_unsettled
from matcher_service.store.offers import IS_RELEASED
from matcher_service.store.rejections import read_rejected
from matcher_service.store.replacements import find_replaced
from matcher_service.store.versions import read_versions

FindNewer = Callable[[FacePage], Sequence[FoundFace]]
# More than the selfies and deletions of any user between two rematches in an event, or before the first one.
MAX_REVISIONS_AHEAD = 1_000_000


class MatchStore:
    """The matches of people and photos."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find_deletions(self, event_ids: Iterable[UUID]) -> Mapping[UUID, int]:
        """For each event that exists, the version of its last deletion."""
        query = text("SELECT id, deleted_version FROM matcher.events WHERE id = ANY(:events) AND NOT gone")
        with transaction(self._engine) as connection:
            rows = connection.execute(query, {"events": list(event_ids)})
            return {row.id: row.deleted_version for row in rows}

    def publish(self, rematch: Rematch, found: Sequence[FoundFace], compared: int, find_newer: FindNewer) -> int | None:
        """Atomically replaces the person's matches in the event; returns how many the guest sees, None if a newer
        revision has already been published.

        `found` are the matches among the faces up to version `compared`; newer faces are compared here by `find_newer`,
        under the lock. Photos deleted meanwhile are skipped, because only indexed photos are inserted; of photos
        replaced meanwhile, only the new faces count. With an unchanged selfie, matches found by growth stay until the
        event is settled. Raises RevisionTooFarAhead, and EventNotFound if the event or membership no longer exists.
        """
        person = {"event": rematch.event_id, "person": rematch.person}
        with transaction(self._engine, "match-publish") as connection:
            version = lock_event(connection, rematch.event_id)
            if version is None or find_member(connection, rematch.event_id, rematch.user_id) is None:
                raise EventNotFound
            if self._is_stale(connection, rematch):
                return None
            self._require_near(connection, rematch)
            if rematch.encoding is not None:
                replaced = find_replaced(connection, rematch.event_id, compared)
                newer = read_newer(connection, rematch.event_id, compared, version)
                found = [*(one for one in found if one.photo_id not in replaced), *find_newer(newer)]
                found = self._drop_rejected(connection, rematch, found, find_newer)
            is_same = self._enrol(connection, rematch)
            self._replace(connection, person, found, keeps_grown=is_same)
            raise_version(connection, rematch.event_id)
            hint(connection, rematch.event_id, [rematch.user_id])
            if not may_look(connection, rematch.event_id, rematch.user_id):
                return 0
            count = text(
                "SELECT count(*) FROM matcher.matches WHERE event_id = :event AND person_id = :person AND shown"
            )
            matched: int = connection.execute(count, person).scalar_one()
            return matched

    def list_matches(
        self,
        user_id: UUID,
        event_id: UUID | None,
        page: Page,
        listing: Listing = NEWEST_FIRST,
        person_id: UUID | None = None,
    ) -> tuple[list[Match], int]:
        """A page of the photos of one of the user's people, and their total number. The key of a page is
        `listing.key`."""
        with transaction(self._engine) as connection:
            looker = find_looker(connection, user_id, person_id)
            matches = [_match(row) for row in select_matches(connection, looker, event_id, listing, page)]
            return matches, count_matches(connection, looker, event_id)

    def count_matches(self, event_id: UUID, user_ids: Sequence[UUID]) -> dict[UUID, int]:
        """How many of the photos that they are in each user sees; only for members."""
        query = text(
            """
            SELECT m.user_id, count(DISTINCT t.photo_id) AS photos FROM matcher.memberships m
            LEFT JOIN matcher.people o ON (o.event_id, o.user_id) = (m.event_id, m.user_id)
            LEFT JOIN matcher.matches t ON (t.event_id, t.person_id) = (o.event_id, o.person_id) AND t.shown
            WHERE m.event_id = :event AND m.user_id = ANY(:users) GROUP BY m.user_id
            """
        )
        with transaction(self._engine) as connection:
            rows = connection.execute(query, {"event": event_id, "users": list(user_ids)})
            return {row.user_id: row.photos for row in rows}

    def count_for_notices(self, event_id: UUID, user_ids: Sequence[UUID]) -> NoticeCounts:
        """The counts, all zero for an event that is unknown or being deleted."""
        query = text(
            f"""
            SELECT pending_count + indexed_count + failed_count AS total, {IS_RELEASED} AS released,
                (SELECT count(*) FROM matcher.photos p
                 WHERE p.event_id = e.id AND p.visibility = 'everyone' AND p.state = 'indexed') AS for_everyone
            FROM matcher.events e WHERE id = :event AND NOT gone
            """
        )
        with transaction(self._engine) as connection:
            event = connection.execute(query, {"event": event_id}).first()
            if event is None:
                return NoticeCounts({}, 0, 0, False)
            rows = connection.execute(text(COUNT_OF_EACH), {"event": event_id, "users": list(user_ids)})
            of_each = {row.user_id: row.photos for row in rows}
        return NoticeCounts(of_each, event.for_everyone if event.released else 0, event.total, event.released)

    def _is_stale(self, connection: Connection, rematch: Rematch) -> bool:
        """Whether a newer revision of the person has already been published or forgotten."""
        query = text("SELECT revision FROM matcher.people WHERE event_id = :event AND person_id = :person")
        row = connection.execute(query, {"event": rematch.event_id, "person": rematch.person}).first()
        return row is not None and row.revision > rematch.revision

    def _require_near(self, connection: Connection, rematch: Rematch) -> None:
        """Raises RevisionTooFarAhead for an excessive revision: once published, it would make all later ones stale."""
        query = text("SELECT revision FROM matcher.people WHERE event_id = :event AND person_id = :person")
        known: int | None = connection.execute(query, {"event": rematch.event_id, "person": rematch.person}).scalar()
        if rematch.revision > (known or 0) + MAX_REVISIONS_AHEAD:
            raise RevisionTooFarAhead

    def _drop_rejected(
        self, connection: Connection, rematch: Rematch, found: Sequence[FoundFace], find_newer: FindNewer
    ) -> Sequence[FoundFace]:
        """Drops faces that resemble one that the person rejected; another face of the photo may still match."""
        rejected = read_rejected(connection, rematch.event_id, rematch.person).get(rematch.person)
        if not rejected or rematch.encoding is None:
            return found
        page = read_of_photos(connection, rematch.event_id, [one.photo_id for one in found])
        return find_newer(drop_rejected(rematch.encoding, rejected, page))

    def _enrol(self, connection: Connection, rematch: Rematch) -> bool:
        """Stores the person's encoding; returns whether it is unchanged."""
        person = {"event": rematch.event_id, "person": rematch.person}
        known = text("SELECT encodings FROM matcher.people WHERE event_id = :event AND person_id = :person")
        stored: bytes | None = connection.execute(known, person).scalar()
        before = None if stored is None else open_person(connection, rematch.person, bytes(stored))
        sealed = seal_person(connection, rematch.person, rematch.encoding)
        connection.execute(
            text(
                "INSERT INTO matcher.people (event_id, person_id, user_id, revision, encodings)"
                " VALUES (:event, :person, :user, :revision, :encodings) ON CONFLICT (event_id, person_id)"
                " DO UPDATE SET revision = excluded.revision, encodings = excluded.encodings"
            ),
            {**person, "user": rematch.user_id, "revision": rematch.revision, "encodings": sealed},
        )
        if before is not None or rematch.encoding is not None:
            mark_unsettled(connection, rematch.event_id, is_reset=before is not None)
        return before is not None and before == rematch.encoding

    def _replace(
        self,
        connection: Connection,
        person: Mapping[str, Any],
        found: Sequence[FoundFace],
        *,
        keeps_grown: bool = False,
    ) -> None:
        """Replaces the matches. Of a photo found both in the index and among newer faces, the nearer face counts."""
        connection.execute(
            text(
                "DELETE FROM matcher.matches WHERE event_id = :event AND person_id = :person"
                " AND NOT (grown AND :keeps_grown)"
            ),
            {**person, "keeps_grown": keeps_grown},
        )
        connection.execute(
            text(
                f"""
                INSERT INTO matcher.matches
                    (event_id, person_id, photo_id, face_no, distance, created_at, sorted_at, shown)
                SELECT DISTINCT ON (p.id) p.event_id, :person, p.id, f.no, f.distance, p.created_at, p.sorted_at,
                    {unhidden(USER)}
                FROM unnest(CAST(:photos AS uuid[]), CAST(:nos AS smallint[]), CAST(:distances AS real[]))
                    AS f (photo_id, no, distance)
                JOIN matcher.photos p ON p.event_id = :event AND p.id = f.photo_id AND p.state = 'indexed'
                WHERE NOT EXISTS (
                    SELECT FROM matcher.refusals
                    WHERE event_id = :event AND person_id = :person AND photo_id = f.photo_id)
                ORDER BY p.id, f.distance
                ON CONFLICT (event_id, person_id, photo_id) DO UPDATE
                    SET face_no = excluded.face_no, distance = excluded.distance, grown = false
                """
            ),
            {
                **person,
                "photos": [face.photo_id for face in found],
                "nos": [face.no for face in found],
                "distances": [face.distance for face in found],
            },
        )


def _match(row: Row[Any]) -> Match:
    return Match(
        photo_id=row.id,
        event_id=row.event_id,
        width=row.width,
        height=row.height,
        taken_at=row.taken_at,
        created_at=row.created_at,
        versions=read_versions(row),
        original_bytes=row.original_bytes,
        event_name=row.event_name,
        number=row.number,
        taken_offset_min=row.taken_offset_min,
        only_for_everyone=row.only_for_everyone,
        colour=row.colour,
        download=Download(row.download),
    )
