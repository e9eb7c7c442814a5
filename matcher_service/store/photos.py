"""SQL of photos as organisers and guests see them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, Row, text

from kit.audit.acts import Act, ActQuery
from kit.db.engine import transaction
from kit.db.pages import Page
from matcher_service.domain import (
    NEWEST_FIRST,
    Action,
    AddedPhoto,
    Download,
    EventNotFound,
    GuestPhotos,
    IndexCounts,
    KnownPhoto,
    KnownUpload,
    Listing,
    NewPhoto,
    Photo,
    PhotoNotFailed,
    PhotoNotFound,
    PhotoState,
    Quota,
    Replacement,
    Role,
    ShownPhoto,
    Variant,
    Visibility,
    may,
    roles_for,
)
from matcher_service.store.acts import ActStore, note_deleted
from matcher_service.store.audience import SEES
from matcher_service.store.events import PHOTOS_CHANNEL, count_photos, find_event, find_member, lock_event
from matcher_service.store.lists import count_listed, select_photos, select_uploads
from matcher_service.store.offers import offered, sees_photos
from matcher_service.store.replacements import NEW_VERSION, find_late, find_named, replace_photo, retry_replacements
from matcher_service.store.uploads import (
    SELECT_EVENT,
    SELECT_UPLOAD,
    add_known,
    check_open,
    check_room,
    choose_visibility,
    count_guest_photo,
    delete_photos,
    insert_photo,
    read_upload,
    retry_upload,
)
from matcher_service.store.versions import FILES, make_version, read_versions


class PhotoStore:
    """Adds, lists, shows and deletes photos."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find_upload(self, event_id: UUID, sha256: bytes, began_at: datetime | None = None) -> KnownUpload | None:
        """The photo that already has these bytes, if any."""
        values = {"event": event_id, "sha256": sha256, "began": began_at}
        with transaction(self._engine) as connection:
            row = connection.execute(text(SELECT_UPLOAD), values).first()
        return read_upload(row) if row else None

    def require_open(self, event_id: UUID) -> datetime:
        """Returns the time by the database's clock. Raises EventClosed, EventNotFound."""
        with transaction(self._engine) as connection:
            check_open(connection.execute(text(SELECT_EVENT), {"event": event_id}).first())
            now: datetime = connection.execute(text("SELECT now()")).scalar_one()
            return now

    def add(self, photo: NewPhoto, quota: Quota) -> AddedPhoto:
        """Adds a photo, or returns the existing one with these bytes and deletes the new file. A failed photo becomes
        pending with the new file, and its old file is deleted; a guest's photo that an organiser adds becomes theirs.
        With `photo.replaces`, the only photo of that name gets the file.

        Raises EventClosed, OrganiserOnly, TooManyEventPhotos and TooManyGuestPhotos beyond the quota, and EventNotFound
        if the event or the uploader's membership no longer exists.
        """
        event_id, user_id = photo.event_id, photo.uploader_id
        with transaction(self._engine, "photo-add") as connection:
            lock = text(f"{SELECT_EVENT} FOR UPDATE")
            event = check_open(connection.execute(lock, {"event": event_id}).first())
            member = find_member(connection, event_id, user_id)
            if member is None:
                raise EventNotFound
            role = Role(member.role)
            visibility = choose_visibility(role, GuestPhotos(event.guest_photos))
            values = {"event": event_id, "sha256": photo.sha256, "began": photo.began_at}
            row = connection.execute(text(SELECT_UPLOAD), values).first()
            if row is not None:
                return add_known(connection, photo, role, read_upload(row))
            if may(role, Action.ADD) and (late := find_late(connection, photo)):
                queue = text("INSERT INTO matcher.blob_deletions (key) VALUES (:key)")
                connection.execute(queue, {"key": photo.upload_key})
                return AddedPhoto(late, photo.filename, PhotoState.PENDING, existing=True)
            named = find_named(connection, photo, role) if photo.replaces else []
            if len(named) == 1:
                return replace_photo(connection, named[0], photo)
            check_room(event, quota.per_event)
            if not may(role, Action.ADD):
                count_guest_photo(connection, event_id, user_id, quota.guest_per_day)
            insert_photo(connection, photo, visibility, from_guest=not may(role, Action.ADD))
            replacement = Replacement.AMBIGUOUS if named else None
            return AddedPhoto(photo.id, photo.filename, PhotoState.PENDING, replacement=replacement)

    def find_known(self, event_id: UUID, user_id: UUID, role: Role, sha256: Sequence[bytes]) -> dict[bytes, KnownPhoto]:
        """The files that this member need not send, by their hashes; only the newest version of a photo counts."""
        settled = "NOT p.from_guest" if may(role, Action.ADD) else "p.uploader_id = :user"
        query = text(
            f"""
            SELECT p.sha256, p.id, p.state FROM matcher.photos p
            WHERE p.event_id = :event AND p.sha256 = ANY(:sha256) AND {settled} AND NOT EXISTS (SELECT {NEW_VERSION})
            UNION ALL
            SELECT r.sha256, r.id, r.state FROM matcher.replacements r
            JOIN matcher.photos p ON (p.event_id, p.id) = (r.event_id, r.id)
            WHERE r.event_id = :event AND r.sha256 = ANY(:sha256) AND {settled}
            """
        )
        with transaction(self._engine) as connection:
            rows = connection.execute(query, {"event": event_id, "user": user_id, "sha256": list(sha256)})
            return {bytes(row.sha256): KnownPhoto(row.id, PhotoState(row.state)) for row in rows}

    def list_photos(self, event_id: UUID, page: Page, listing: Listing = NEWEST_FIRST) -> tuple[list[Photo], int]:
        """A page, and the total number. The key of a page is `listing.key`."""
        with transaction(self._engine) as connection:
            photos = [_photo(row) for row in select_photos(connection, event_id, listing, page)]
            return photos, count_listed(connection, event_id, listing)

    def list_uploads(self, event_id: UUID, user_id: UUID, page: Page) -> tuple[list[Photo], int]:
        """Like `list_photos`, for the photos that this member added, newest first."""
        with transaction(self._engine) as connection:
            rows, total = select_uploads(connection, event_id, user_id, page)
            return [_photo(row) for row in rows], total

    def retry_failed(self, event_id: UUID) -> int:
        """Makes failed photos of the event, and failed new versions, pending again; returns how many."""
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
            return count + retry_replacements(connection, event_id)

    def retry(self, photo_id: UUID, event_id: UUID) -> None:
        """Makes a failed photo pending again; a pending one is unchanged. Raises PhotoNotFailed, PhotoNotFound."""
        known = text("SELECT state, upload_key FROM matcher.photos WHERE event_id = :event AND id = :photo FOR UPDATE")
        with transaction(self._engine, "photo-retry") as connection:
            lock_event(connection, event_id)
            row = connection.execute(known, {"event": event_id, "photo": photo_id}).first()
            if row is None:
                raise PhotoNotFound
            if PhotoState(row.state) is PhotoState.FAILED:
                retry_upload(connection, event_id, photo_id, row.upload_key)
            elif not retry_replacements(connection, event_id, photo_id) and row.state != PhotoState.PENDING.value:
                raise PhotoNotFailed

    def find_event(self, photo_id: UUID) -> UUID | None:
        with transaction(self._engine) as connection:
            return find_event(connection, photo_id)

    def find_shown(self, photo_id: UUID, user_id: UUID, variant: Variant) -> ShownPhoto | None:
        """A photo that this user may see because they added it, by their role, or by its visibility."""
        key, digest = FILES[variant]
        parts = "p.original_parts" if variant is Variant.ORIGINAL else "NULL"
        query = text(
            f"""
            SELECT p.state, {key} AS key, {parts} AS parts, {digest} AS digest, e.name, p.number,
                {offered("m", "e")} AS download
            FROM matcher.photos p
            JOIN matcher.events e ON e.id = p.event_id AND NOT e.gone
            JOIN matcher.memberships m ON m.event_id = p.event_id AND m.user_id = :user
            WHERE p.event_id = :event AND p.id = :photo AND (p.uploader_id = m.user_id
                OR {sees_photos("m", "e")} AND (m.role = ANY(:see_all) OR {SEES}))
            """
        )
        values = {"photo": photo_id, "user": user_id, "see_all": roles_for(Action.SEE_ALL)}
        with transaction(self._engine) as connection:
            event_id = find_event(connection, photo_id)
            row = connection.execute(query, {**values, "event": event_id}).first() if event_id else None
        if row is None:
            return None
        version = make_version(row.key, row.digest)
        state, download = PhotoState(row.state), Download(row.download)
        return ShownPhoto(state, row.key, row.parts, version, row.name, row.number, download)

    def delete(self, event_id: UUID, photo_ids: Sequence[UUID]) -> None:
        """Deletes the photos; ignores those of other events."""
        with transaction(self._engine, "photo-delete") as connection:
            if lock_event(connection, event_id) is not None:
                count = delete_photos(connection, event_id, photo_ids)
                note_deleted(connection, event_id, photo_ids, count)

    def delete_own(self, event_id: UUID, photo_id: UUID, user_id: UUID) -> bool:
        """Deletes the photo of a guest who is still a member; returns False if there is no such photo."""
        own = text(
            "SELECT FROM matcher.photos WHERE event_id = :event AND id = :photo AND uploader_id = :user AND from_guest"
        )
        with transaction(self._engine, "photo-delete-own") as connection:
            if lock_event(connection, event_id) is None or find_member(connection, event_id, user_id) is None:
                return False
            values = {"event": event_id, "photo": photo_id, "user": user_id}
            if connection.execute(own, values).first() is None:
                return False
            count = delete_photos(connection, event_id, [photo_id])
            note_deleted(connection, event_id, [photo_id], count)
            return count > 0

    def list_acts(self, event_id: UUID, page: ActQuery) -> list[Act]:
        """The acts recorded about the event, newest first."""
        return ActStore(self._engine).list_acts(event_id, page)

    def count(self, event_ids: Sequence[UUID]) -> dict[UUID, IndexCounts]:
        """The counters of those events that exist."""
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

    def count_own(self, event_id: UUID, uploader_id: UUID) -> IndexCounts:
        """Counts the photos that one user added."""
        query = text(
            "SELECT count(*) FILTER (WHERE state = 'pending') AS pending,"
            " count(*) FILTER (WHERE state = 'indexed') AS indexed, count(*) FILTER (WHERE state = 'failed') AS failed,"
            " coalesce(sum(face_count), 0) AS faces FROM matcher.photos"
            " WHERE event_id = :event AND uploader_id = :uploader"
        )
        with transaction(self._engine) as connection:
            row = connection.execute(query, {"event": event_id, "uploader": uploader_id}).one()
        return IndexCounts(event_id, row.pending, row.indexed, row.failed, row.faces)

    def count_guests(self, event_ids: Sequence[UUID]) -> dict[UUID, tuple[int, int]]:
        """For each event that has such guests, how many are searched for, and how many of these have no photo."""
        query = text(
            """
            SELECT event_id, count(*) AS searched, count(*) FILTER (WHERE NOT is_matched) AS unmatched FROM (
                SELECT o.event_id, bool_or(EXISTS (
                    SELECT FROM matcher.matches t
                    WHERE t.event_id = o.event_id AND t.person_id = o.person_id AND t.shown)) AS is_matched
                FROM matcher.people o
                JOIN matcher.memberships m ON (m.event_id, m.user_id) = (o.event_id, o.user_id) AND m.role = 'guest'
                WHERE o.event_id = ANY(:events) AND o.encodings IS NOT NULL GROUP BY o.event_id, o.user_id) AS guests
            GROUP BY event_id
            """
        )
        with transaction(self._engine) as connection:
            rows = connection.execute(query, {"events": list(event_ids)})
            return {row.event_id: (row.searched, row.unmatched) for row in rows}


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
        from_guest=row.from_guest,
        new_version=PhotoState(row.new_version) if row.new_version else None,
        new_version_reason=row.new_version_reason or "",
    )
