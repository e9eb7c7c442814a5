"""SQL of photos as organisers and guests see them."""

from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, Row, text

from kit.db import transaction
from kit.pages import Page
from matcher_service.domain import (
    NEWEST_FIRST,
    AddedPhoto,
    EventClosed,
    EventNotFound,
    IndexCounts,
    KnownPhoto,
    Listing,
    NewPhoto,
    Photo,
    PhotoNotFailed,
    PhotoNotFound,
    PhotoState,
    ShownPhoto,
    Variant,
    Visibility,
)
from matcher_service.store.audience import SEES
from matcher_service.store.events import count_photos, find_member, lock_event, queue_blob_deletions, raise_version
from matcher_service.store.hints import hint_all, hint_people_in
from matcher_service.store.lists import count_listed, select_photos
from matcher_service.store.versions import FILES, make_version, read_versions

PHOTOS_CHANNEL = "matcher_photos"


class PhotoStore:
    """Photos in, photos shown, photos deleted."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find_upload(self, event_id: UUID, sha256: bytes) -> tuple[UUID, PhotoState] | None:
        """The photo that these bytes are already."""
        query = text("SELECT id, state FROM matcher.photos WHERE event_id = :event AND sha256 = :sha256")
        with transaction(self._engine) as connection:
            row = connection.execute(query, {"event": event_id, "sha256": sha256}).first()
        return (row.id, PhotoState(row.state)) if row else None

    def require_open(self, event_id: UUID) -> None:
        """Raises EventClosed, EventNotFound."""
        with transaction(self._engine) as connection:
            _check_open(connection.execute(text(SELECT_SHUT), {"event": event_id}).first())

    def add(self, photo: NewPhoto) -> AddedPhoto:
        """The new photo, or the one that these bytes are already; then the new file goes. One that failed is pending
        again with the new file, and the one before goes.

        Raises EventClosed, and EventNotFound when the event or the uploader's membership went away.
        """
        with transaction(self._engine, "photo-add") as connection:
            _check_open(connection.execute(text(f"{SELECT_SHUT} FOR UPDATE"), {"event": photo.event_id}).first())
            if find_member(connection, photo.event_id, photo.uploader_id) is None:
                raise EventNotFound
            known = text("SELECT id, state FROM matcher.photos WHERE event_id = :event AND sha256 = :sha256 FOR UPDATE")
            row = connection.execute(known, {"event": photo.event_id, "sha256": photo.sha256}).first()
            if row is None:
                _insert(connection, photo)
                return AddedPhoto(photo.id, photo.filename, PhotoState.PENDING)
            state, unused = PhotoState(row.state), photo.upload_key
            if state is PhotoState.FAILED:
                unused = _retry(connection, photo.event_id, row.id, photo.upload_key)
                state = PhotoState.PENDING
            connection.execute(text("INSERT INTO matcher.blob_deletions (key) VALUES (:key)"), {"key": unused})
            return AddedPhoto(row.id, photo.filename, state, existing=True)

    def find_known(self, event_id: UUID, sha256: Sequence[bytes]) -> dict[bytes, KnownPhoto]:
        """Those of the files that the event has, by their hashes."""
        query = text("SELECT sha256, id, state FROM matcher.photos WHERE event_id = :event AND sha256 = ANY(:sha256)")
        with transaction(self._engine) as connection:
            rows = connection.execute(query, {"event": event_id, "sha256": list(sha256)})
            return {bytes(row.sha256): KnownPhoto(row.id, PhotoState(row.state)) for row in rows}

    def list_photos(self, event_id: UUID, page: Page, listing: Listing = NEWEST_FIRST) -> tuple[list[Photo], int]:
        """A page, and how many there are on all pages. The key of a page is `listing.key`."""
        with transaction(self._engine) as connection:
            photos = [_photo(row) for row in select_photos(connection, event_id, listing, page)]
            return photos, count_listed(connection, event_id, listing)

    def retry_failed(self, event_id: UUID) -> int:
        """Makes every failed photo of the event pending again; how many."""
        retry = text(
            "UPDATE matcher.photos SET state = 'pending', reason = '', failures = 0, lease_until = NULL"
            " WHERE event_id = :event AND state = 'failed'"
        )
        with transaction(self._engine, "photos-retry") as connection:
            if lock_event(connection, event_id) is None:
                return 0
            count = connection.execute(retry, {"event": event_id}).rowcount
            if count:
                count_photos(connection, event_id, pending=count, failed=-count)
                connection.execute(text("SELECT pg_notify(:channel, '')"), {"channel": PHOTOS_CHANNEL})
            return count

    def retry(self, photo_id: UUID, event_id: UUID) -> None:
        """Makes a failed photo pending again; one that is pending stays so. Raises PhotoNotFailed, PhotoNotFound."""
        known = text("SELECT state, upload_key FROM matcher.photos WHERE event_id = :event AND id = :photo FOR UPDATE")
        with transaction(self._engine, "photo-retry") as connection:
            lock_event(connection, event_id)
            row = connection.execute(known, {"event": event_id, "photo": photo_id}).first()
            if row is None:
                raise PhotoNotFound
            if PhotoState(row.state) is PhotoState.FAILED:
                _retry(connection, event_id, photo_id, row.upload_key)
            elif PhotoState(row.state) is not PhotoState.PENDING:
                raise PhotoNotFailed

    def find_event(self, photo_id: UUID) -> UUID | None:
        query = text("SELECT event_id FROM matcher.photo_events WHERE photo_id = :photo")
        with transaction(self._engine) as connection:
            row = connection.execute(query, {"photo": photo_id}).first()
        return row.event_id if row else None

    def find_shown(self, photo_id: UUID, user_id: UUID, variant: Variant) -> ShownPhoto | None:
        """A photo that this user may see: organisers of its event, and members by its visibility."""
        key, digest = FILES[variant]
        parts = "p.original_parts" if variant is Variant.ORIGINAL else "NULL"
        query = text(
            f"""
            SELECT p.state, {key} AS key, {parts} AS parts, {digest} AS digest, e.name, p.number
            FROM matcher.photo_events x
            JOIN matcher.photos p ON (p.event_id, p.id) = (x.event_id, x.photo_id)
            JOIN matcher.events e ON e.id = x.event_id AND NOT e.gone
            JOIN matcher.memberships m ON m.event_id = x.event_id AND m.user_id = :user
            WHERE x.photo_id = :photo AND (m.role = 'organiser' OR {SEES})
            """
        )
        with transaction(self._engine) as connection:
            row = connection.execute(query, {"photo": photo_id, "user": user_id}).first()
        if row is None:
            return None
        version = make_version(row.key, row.digest)
        return ShownPhoto(PhotoState(row.state), row.key, row.parts, version, row.name, row.number)

    def delete(self, event_id: UUID, photo_ids: Sequence[UUID]) -> None:
        """Those of the photos that are in the event."""
        query = text(
            "DELETE FROM matcher.photos WHERE event_id = :event AND id = ANY(:photos)"
            " RETURNING state, face_count, visibility"
        )
        with transaction(self._engine, "photo-delete") as connection:
            if lock_event(connection, event_id) is None:
                return
            queue_blob_deletions(connection, event_id, photo_ids)
            hint_people_in(connection, event_id, photo_ids)
            rows = connection.execute(query, {"event": event_id, "photos": list(photo_ids)}).all()
            if not rows:
                return
            gone = Counter(row.state for row in rows)
            count_photos(
                connection,
                event_id,
                **{state: -count for state, count in gone.items()},
                faces=-sum(row.face_count for row in rows),
            )
            raise_version(connection, event_id, deleted=True)
            if any(row.visibility == Visibility.EVERYONE.value and row.state == "indexed" for row in rows):
                hint_all(connection, event_id)

    def count(self, event_ids: Sequence[UUID]) -> dict[UUID, IndexCounts]:
        """The counters of the events that there are."""
        query = text(
            "SELECT id, pending_count, indexed_count, failed_count, face_count FROM matcher.events"
            " WHERE id = ANY(:events) AND NOT gone"
        )
        with transaction(self._engine) as connection:
            rows = connection.execute(query, {"events": list(event_ids)})
            return {
                row.id: IndexCounts(row.id, row.pending_count, row.indexed_count, row.failed_count, row.face_count)
                for row in rows
            }

    def count_guests(self, event_ids: Sequence[UUID]) -> dict[UUID, tuple[int, int]]:
        """Of each event in which faces of guests are searched for, how many, and how many of them have no photo."""
        query = text(
            """
            SELECT o.event_id, count(*) AS searched, count(*) FILTER (WHERE NOT EXISTS (
                SELECT FROM matcher.matches t
                WHERE t.event_id = o.event_id AND t.person_id = o.person_id AND t.shown)) AS unmatched
            FROM matcher.people o
            JOIN matcher.memberships m ON (m.event_id, m.user_id) = (o.event_id, o.user_id) AND m.role = 'guest'
            WHERE o.event_id = ANY(:events) AND o.encodings IS NOT NULL GROUP BY o.event_id
            """
        )
        with transaction(self._engine) as connection:
            rows = connection.execute(query, {"events": list(event_ids)})
            return {row.event_id: (row.searched, row.unmatched) for row in rows}


SELECT_SHUT = (
    "SELECT closed OR coalesce(expires_at <= now(), false) AS shut FROM matcher.events WHERE id = :event AND NOT gone"
)


def _check_open(row: Row[Any] | None) -> None:
    if row is None:
        raise EventNotFound
    if row.shut:
        raise EventClosed


def _insert(connection: Connection, photo: NewPhoto) -> None:
    """Under the event's lock."""
    number = text("UPDATE matcher.events SET last_number = last_number + 1 WHERE id = :event RETURNING last_number")
    insert = text(
        """
        INSERT INTO matcher.photos
            (id, event_id, number, uploader_id, filename, content_type, upload_key, sha256, size_bytes)
        VALUES (:id, :event_id, :number, :uploader_id, :filename, :content_type, :upload_key, :sha256, :size_bytes)
        """
    )
    values = {**vars(photo), "number": connection.execute(number, {"event": photo.event_id}).scalar_one()}
    connection.execute(insert, values)
    lookup = text("INSERT INTO matcher.photo_events (photo_id, event_id) VALUES (:id, :event_id)")
    connection.execute(lookup, values)
    count_photos(connection, photo.event_id, pending=1)
    connection.execute(text("SELECT pg_notify(:channel, '')"), {"channel": PHOTOS_CHANNEL})


def _retry(connection: Connection, event_id: UUID, photo_id: UUID, upload_key: str) -> str:
    """Makes a failed photo pending again, with another upload; the key of the one before. Under the event's lock."""
    values = {"event": event_id, "photo": photo_id, "key": upload_key}
    row = connection.execute(
        text("SELECT upload_key FROM matcher.photos WHERE event_id = :event AND id = :photo"), values
    ).one()
    connection.execute(
        text(
            "UPDATE matcher.photos SET state = 'pending', reason = '', failures = 0, lease_until = NULL,"
            " upload_key = :key WHERE event_id = :event AND id = :photo"
        ),
        values,
    )
    count_photos(connection, event_id, pending=1, failed=-1)
    connection.execute(text("SELECT pg_notify(:channel, '')"), {"channel": PHOTOS_CHANNEL})
    return str(row.upload_key)


def _photo(row: Row[Any]) -> Photo:
    return Photo(
        id=row.id,
        event_id=row.event_id,
        filename=row.filename,
        state=PhotoState(row.state),
        reason=row.reason,
        width=row.width,
        height=row.height,
        face_count=row.face_count,
        size_bytes=row.size_bytes,
        taken_at=row.taken_at,
        created_at=row.created_at,
        versions=read_versions(row),
        original_bytes=row.original_bytes,
        taken_offset_min=row.taken_offset_min,
        visibility=Visibility(row.visibility),
        uploader_id=row.uploader_id,
        hide_requests=row.hide_requests,
        colour=row.colour,
    )
