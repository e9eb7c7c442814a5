"""SQL of photos as organisers and guests see them."""

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
    Listing,
    Photo,
    PhotoNotFailed,
    PhotoNotFound,
    PhotoState,
    Variant,
)
from matcher_service.store.events import find_member, lock_event, queue_blob_deletions, raise_version
from matcher_service.store.lists import select_photos

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

    def add(
        self, photo_id: UUID, organiser: UUID, event_id: UUID, filename: str, upload_key: str, sha256: bytes, size: int
    ) -> AddedPhoto:
        """The new photo, or the one that these bytes are already; then the new blob goes. One that failed is pending
        again with the new blob, and the one before goes.

        Raises EventClosed, and EventNotFound when the event or the organiser's membership went away.
        """
        insert = text(
            """
            INSERT INTO matcher.photos (id, event_id, sha256, filename, size_bytes, upload_key)
            VALUES (:id, :event, :sha256, :filename, :size, :key)
            ON CONFLICT (event_id, sha256) DO NOTHING RETURNING id
            """
        )
        values = {"id": photo_id, "event": event_id, "sha256": sha256, "filename": filename, "size": size}
        with transaction(self._engine, "photo-add") as connection:
            _check_open(connection.execute(text(f"{SELECT_SHUT} FOR SHARE"), {"event": event_id}).first())
            if find_member(connection, event_id, organiser) is None:
                raise EventNotFound
            if connection.execute(insert, {**values, "key": upload_key}).first() is not None:
                connection.execute(text("SELECT pg_notify(:channel, '')"), {"channel": PHOTOS_CHANNEL})
                return AddedPhoto(photo_id, filename, PhotoState.PENDING)
            known = text("SELECT id, state FROM matcher.photos WHERE event_id = :event AND sha256 = :sha256 FOR UPDATE")
            row = connection.execute(known, {"event": event_id, "sha256": sha256}).one()
            state = PhotoState(row.state)
            unused = upload_key
            if state is PhotoState.FAILED:
                unused, state = _retry(connection, row.id, upload_key), PhotoState.PENDING
            connection.execute(text("INSERT INTO matcher.blob_deletions (key) VALUES (:key)"), {"key": unused})
            return AddedPhoto(row.id, filename, state, existing=True)

    def list_photos(self, event_id: UUID, page: Page, listing: Listing = NEWEST_FIRST) -> list[Photo]:
        """The key of a page is `listing.key`."""
        with transaction(self._engine) as connection:
            return [_photo(row) for row in select_photos(connection, event_id, listing, page)]

    def retry(self, photo_id: UUID, event_id: UUID) -> None:
        """Makes a failed photo pending again; one that is pending stays so. Raises PhotoNotFailed, PhotoNotFound."""
        known = text("SELECT state, upload_key FROM matcher.photos WHERE id = :photo FOR UPDATE")
        with transaction(self._engine, "photo-retry") as connection:
            lock_event(connection, event_id)
            row = connection.execute(known, {"photo": photo_id}).first()
            if row is None:
                raise PhotoNotFound
            if PhotoState(row.state) is PhotoState.FAILED:
                _retry(connection, photo_id, row.upload_key)
            elif PhotoState(row.state) is not PhotoState.PENDING:
                raise PhotoNotFailed

    def find_event(self, photo_id: UUID) -> UUID | None:
        query = text("SELECT event_id FROM matcher.photos WHERE id = :photo")
        with transaction(self._engine) as connection:
            row = connection.execute(query, {"photo": photo_id}).first()
        return row.event_id if row else None

    def find_shown(self, photo_id: UUID, user_id: UUID, variant: Variant) -> tuple[PhotoState, str | None] | None:
        """State and blob of a photo that this user may see: organisers of its event, and members who are in it."""
        query = text(
            f"""
            SELECT p.state, p.{variant.value}_key AS key FROM matcher.photos p
            JOIN matcher.memberships m ON m.event_id = p.event_id AND m.user_id = :user
            WHERE p.id = :photo AND (m.role = 'organiser' OR EXISTS (
                SELECT FROM matcher.matches WHERE user_id = :user AND photo_id = :photo))
            """
        )
        with transaction(self._engine) as connection:
            row = connection.execute(query, {"photo": photo_id, "user": user_id}).first()
        return (PhotoState(row.state), row.key) if row else None

    def delete(self, photo_id: UUID, event_id: UUID) -> None:
        with transaction(self._engine, "photo-delete") as connection:
            if lock_event(connection, event_id) is None:
                return
            values = {"photo": photo_id}
            queue_blob_deletions(connection, "id = :photo", values)
            connection.execute(text("DELETE FROM matcher.photos WHERE id = :photo"), values)
            raise_version(connection, event_id, deleted=True)

    def count(self, event_ids: Sequence[UUID]) -> dict[UUID, IndexCounts]:
        """Counts of the events that have photos."""
        query = text(
            """
            SELECT event_id, count(*) FILTER (WHERE state = 'pending') AS pending,
                   count(*) FILTER (WHERE state = 'indexed') AS indexed,
                   count(*) FILTER (WHERE state = 'failed') AS failed, coalesce(sum(face_count), 0) AS faces
            FROM matcher.photos WHERE event_id = ANY(:events) GROUP BY event_id
            """
        )
        with transaction(self._engine) as connection:
            return {
                row.event_id: IndexCounts(row.event_id, row.pending, row.indexed, row.failed, int(row.faces))
                for row in connection.execute(query, {"events": list(event_ids)})
            }


SELECT_SHUT = "SELECT closed OR coalesce(expires_at <= now(), false) AS shut FROM matcher.events WHERE id = :event"


def _check_open(row: Row[Any] | None) -> None:
    if row is None:
        raise EventNotFound
    if row.shut:
        raise EventClosed


def _retry(connection: Connection, photo_id: UUID, upload_key: str) -> str:
    """Makes a failed photo pending again, with another upload; the key of the one before."""
    values = {"photo": photo_id, "key": upload_key}
    row = connection.execute(text("SELECT upload_key FROM matcher.photos WHERE id = :photo"), values).one()
    connection.execute(
        text(
            "UPDATE matcher.photos SET state = 'pending', reason = '', failures = 0, lease_until = NULL,"
            " upload_key = :key WHERE id = :photo"
        ),
        values,
    )
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
    )
