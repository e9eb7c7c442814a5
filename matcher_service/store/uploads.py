"""SQL of adding photos of organisers and guests, and of deleting them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, text

from kit.erasure.ledger import Gone
from matcher_service.domain import (
    Action,
    AddedPhoto,
    EventClosed,
    EventNotFound,
    GuestPhotos,
    KnownUpload,
    NewPhoto,
    OrganiserOnly,
    PhotoState,
    Role,
    TooManyEventPhotos,
    TooManyGuestPhotos,
    Visibility,
    may,
)
from matcher_service.store.audience import change_visibility
from matcher_service.store.events import (
    PHOTOS_CHANNEL,
    count_photos,
    queue_blob_deletions,
    raise_version,
)
from matcher_service.store.hints import hint, hint_all, hint_organisers, hint_people_in
from matcher_service.store.ledger import note_erased
from matcher_service.store.marks import mark_unsettled
from matcher_service.store.replacements import NEW_VERSION, discard_replacement, retry_replacements

SELECT_EVENT = (
    "SELECT closed OR coalesce(expires_at <= now(), false) AS ended, guest_photos,"
    " pending_count + indexed_count + failed_count AS photos FROM matcher.events"
    " WHERE id = :event AND NOT gone"
)
# The photo that has these bytes, or whose new version has them. `has_new_version` ignores new versions that were
# accepted after this upload began.
SELECT_UPLOAD = f"""
SELECT p.id, p.state, p.uploader_id, p.from_guest, false AS is_new_version,
    EXISTS (SELECT {NEW_VERSION} AND r.created_at < coalesce(CAST(:began AS timestamptz), now())) AS has_new_version
FROM matcher.photos p WHERE p.event_id = :event AND p.sha256 = :sha256
UNION ALL
SELECT p.id, r.state, p.uploader_id, p.from_guest, true, false
FROM matcher.replacements r JOIN matcher.photos p ON (p.event_id, p.id) = (r.event_id, r.id)
WHERE r.event_id = :event AND r.sha256 = :sha256
ORDER BY is_new_version LIMIT 1
"""


def check_open(row: Row[Any] | None) -> Row[Any]:
    """The event, a row of SELECT_EVENT, if it accepts photos. Raises EventClosed, EventNotFound."""
    if row is None:
        raise EventNotFound
    if row.ended:
        raise EventClosed
    return row


def check_room(event: Row[Any], most: int) -> None:
    """Whether the event, a locked row of SELECT_EVENT, has room for one more photo. Raises TooManyEventPhotos."""
    if event.photos >= most:
        raise TooManyEventPhotos


def choose_visibility(role: Role, guest_photos: GuestPhotos) -> Visibility:
    """The visibility of a new photo. Raises OrganiserOnly if this member may not add photos."""
    if may(role, Action.ADD):
        return Visibility.MATCHED
    if guest_photos is GuestPhotos.OFF:
        raise OrganiserOnly
    return Visibility.UNAPPROVED if guest_photos is GuestPhotos.MODERATED else Visibility.MATCHED


def read_upload(row: Row[Any]) -> KnownUpload:
    state = PhotoState(row.state)
    return KnownUpload(row.id, state, row.uploader_id, row.from_guest, row.is_new_version, row.has_new_version)


def insert_photo(connection: Connection, photo: NewPhoto, visibility: Visibility, *, from_guest: bool) -> None:
    """Requires the event's lock."""
    number = text("UPDATE matcher.events SET last_number = last_number + 1 WHERE id = :event RETURNING last_number")
    insert = text(
        """
        INSERT INTO matcher.photos (id, event_id, number, uploader_id, filename, content_type, upload_key, sha256,
            size_bytes, visibility, from_guest)
        VALUES (:id, :event_id, :number, :uploader_id, :filename, :content_type, :upload_key, :sha256,
            :size_bytes, :visibility, :from_guest)
        """
    )
    values: dict[str, object] = {**vars(photo), "visibility": visibility.value, "from_guest": from_guest}
    values["number"] = connection.execute(number, {"event": photo.event_id}).scalar_one()
    connection.execute(insert, values)
    lookup = text("INSERT INTO matcher.photo_events (photo_id, event_id) VALUES (:id, :event_id)")
    connection.execute(lookup, values)
    count_photos(connection, photo.event_id, pending=1)
    connection.execute(text("SELECT pg_notify(:channel, '')"), {"channel": PHOTOS_CHANNEL})


def count_guest_photo(connection: Connection, event_id: UUID, user_id: UUID, most: int) -> None:
    """Adds one photo to today's count, which deletions do not reduce. Raises TooManyGuestPhotos."""
    count = text(
        """
        INSERT INTO matcher.guest_uploads AS u (event_id, user_id, day, count)
        VALUES (:event, :user, CAST(now() AT TIME ZONE 'UTC' AS date), 1)
        ON CONFLICT (event_id, user_id) DO UPDATE SET day = excluded.day,
            count = CASE WHEN u.day = excluded.day THEN u.count + 1 ELSE 1 END
        WHERE u.day <> excluded.day OR u.count < :most RETURNING count
        """
    )
    if connection.execute(count, {"event": event_id, "user": user_id, "most": most}).first() is None:
        raise TooManyGuestPhotos


def take_over(connection: Connection, event_id: UUID, known: KnownUpload, organiser: UUID, filename: str) -> None:
    """Makes a guest's photo the organiser's, which also approves it. Requires the event's lock."""
    if known.uploader_id:
        hint(connection, event_id, [known.uploader_id])
    values = {"event": event_id, "photo": known.photo_id, "user": organiser, "filename": filename}
    visibility: str = connection.execute(
        text(
            "UPDATE matcher.photos SET from_guest = false, uploader_id = :user, filename = :filename"
            " WHERE event_id = :event AND id = :photo RETURNING visibility"
        ),
        values,
    ).scalar_one()
    mark_unsettled(connection, event_id, is_reset=False)  # its faces may now be templates
    if visibility == Visibility.UNAPPROVED.value:
        change_visibility(connection, event_id, [known.photo_id], Visibility.MATCHED)


def retry_upload(connection: Connection, event_id: UUID, photo_id: UUID, upload_key: str) -> str:
    """Makes a failed photo pending with another upload; returns the key of the previous one. Requires the event's
    lock."""
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


def add_known(connection: Connection, photo: NewPhoto, role: Role, known: KnownUpload) -> AddedPhoto:
    """Handles bytes that already exist, and queues the superfluous file for deletion. Requires the event's lock."""
    event_id, unused = photo.event_id, photo.upload_key
    answer = AddedPhoto(known.photo_id, photo.filename, known.state, existing=True)
    if known.is_foreign(role, photo.uploader_id):
        answer = AddedPhoto(None, photo.filename, PhotoState.PENDING, existing=True)
    elif known.is_new_version:
        is_retried = retry_replacements(connection, event_id, known.photo_id, photo.upload_key) > 0
        unused = "" if is_retried else unused
        answer = replace(answer, state=PhotoState.PENDING)
    elif known.state is PhotoState.FAILED:
        unused = retry_upload(connection, event_id, known.photo_id, photo.upload_key)
        answer = replace(answer, state=PhotoState.PENDING)
    if known.is_taken_over(role):
        take_over(connection, event_id, known, photo.uploader_id, photo.filename)
    if photo.replaces and known.has_new_version and not known.is_foreign(role, photo.uploader_id):
        discard_replacement(connection, event_id, known.photo_id)
        hint_organisers(connection, event_id)
    if unused:
        connection.execute(text("INSERT INTO matcher.blob_deletions (key) VALUES (:key)"), {"key": unused})
    return answer


def select_own(connection: Connection, event_id: UUID, user_id: UUID, limit: int | None = None) -> list[UUID]:
    """Photos that this account added as a guest."""
    query = text(
        "SELECT id FROM matcher.photos WHERE event_id = :event AND uploader_id = :user AND from_guest LIMIT :limit"
    )
    values = {"event": event_id, "user": user_id, "limit": limit}
    return list(connection.execute(query, values).scalars())


def hide_uploads(connection: Connection, event_id: UUID, user_id: UUID) -> None:
    """Hides the photos of an erased guest, which `PurgeStore` then deletes. Requires the event's lock."""
    photos = select_own(connection, event_id, user_id)
    if photos:
        change_visibility(connection, event_id, photos, Visibility.HIDDEN)
        remember = text("INSERT INTO matcher.erasures (user_id) VALUES (:user) ON CONFLICT DO NOTHING")
        connection.execute(remember, {"user": user_id})


def delete_photos(connection: Connection, event_id: UUID, photo_ids: Sequence[UUID]) -> int:
    """Deletes the photos that are in the event; returns how many. Requires the event's lock."""
    query = text(
        "DELETE FROM matcher.photos WHERE event_id = :event AND id = ANY(:photos)"
        " RETURNING id, state, face_count, visibility"
    )
    queue_blob_deletions(connection, event_id, photo_ids)
    hint_people_in(connection, event_id, photo_ids)
    rows = connection.execute(query, {"event": event_id, "photos": list(photo_ids)}).all()
    if not rows:
        return 0
    note_erased(connection, Gone.PHOTO, [row.id for row in rows])
    gone = Counter(row.state for row in rows)
    count_photos(
        connection,
        event_id,
        **{state: -count for state, count in gone.items()},
        faces=-sum(row.face_count for row in rows),
    )
    mark_unsettled(connection, event_id, is_reset=True)
    raise_version(connection, event_id, deleted=True)
    if any(row.visibility == Visibility.EVERYONE.value and row.state == "indexed" for row in rows):
        hint_all(connection, event_id)
    return len(rows)
