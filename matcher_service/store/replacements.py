"""SQL of new versions of photos.

An upload of the same name replaces a photo that is not indexed at once. For an indexed photo it is a row of
`replacements` and a separate job; until it is read, guests see the photo as it was. The hash of the replaced bytes is
kept for a day, since a delayed duplicate upload of them may still be in progress.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, text

from matcher_service.domain import Action, AddedPhoto, Job, NewPhoto, PhotoState, Replacement, Role, may
from matcher_service.store.events import (
    PHOTOS_CHANNEL,
    count_photos,
    drop_replacements,
    queue_files,
)
from matcher_service.store.hints import hint_organisers, hint_people_in
from matcher_service.store.rejections import forget_rejected

# Condition on photos `p`.
NEW_VERSION = "FROM matcher.replacements r WHERE (r.event_id, r.id) = (p.event_id, p.id)"
REMEMBER = """
INSERT INTO matcher.past_versions (event_id, photo_id, sha256, replaced_at)
SELECT event_id, id, sha256, {at} FROM {table} WHERE event_id = :event AND id = :photo
ON CONFLICT (event_id, photo_id, sha256) DO UPDATE SET replaced_at = excluded.replaced_at
"""


@dataclass(frozen=True)
class Before:
    """The state and face count of a photo before it was read."""

    state: PhotoState = PhotoState.PENDING
    face_count: int = 0


def find_named(connection: Connection, photo: NewPhoto, role: Role) -> Sequence[UUID]:
    """At most two photos of the same name that this member may replace. Organisers may replace those of all organisers
    and photographers, photographers only their own; photos of guests are never replaced, since phones reuse file
    names."""
    if not photo.filename or not may(role, Action.ADD):
        return []
    own = "" if may(role, Action.ADMINISTER) else "AND uploader_id = :user"
    query = text(
        f"SELECT id FROM matcher.photos WHERE event_id = :event AND filename = :name AND NOT from_guest {own} LIMIT 2"
    )
    values = {"event": photo.event_id, "name": photo.filename, "user": photo.uploader_id}
    return connection.execute(query, values).scalars().all()


def replace_photo(connection: Connection, photo_id: UUID, photo: NewPhoto) -> AddedPhoto:
    """Replaces the photo with the upload, at once or after the upload is read. Requires the event's lock."""
    query = text("SELECT state FROM matcher.photos WHERE event_id = :event AND id = :photo FOR UPDATE")
    state = PhotoState(connection.execute(query, {"event": photo.event_id, "photo": photo_id}).scalar_one())
    discard_replacement(connection, photo.event_id, photo_id)
    if state is PhotoState.INDEXED:
        _insert(connection, photo_id, photo)
    else:
        _replace_unread(connection, photo_id, state, photo)
        state = PhotoState.PENDING
    connection.execute(text("SELECT pg_notify(:channel, '')"), {"channel": PHOTOS_CHANNEL})
    hint_organisers(connection, photo.event_id)
    return AddedPhoto(photo_id, photo.filename, state, replacement=Replacement.REPLACED)


def find_late(connection: Connection, photo: NewPhoto) -> UUID | None:
    """The photo that had these bytes until a newer version replaced them, after this upload began."""
    query = text(
        "SELECT photo_id FROM matcher.past_versions WHERE event_id = :event AND sha256 = :sha256"
        " AND replaced_at > CAST(:began AS timestamptz) LIMIT 1"
    )
    values = {"event": photo.event_id, "sha256": photo.sha256, "began": photo.began_at}
    found: UUID | None = connection.execute(query, values).scalar()
    return found


def discard_replacement(connection: Connection, event_id: UUID, photo_id: UUID) -> None:
    """Deletes a new version that has not been read. Requires the event's lock."""
    values = {"event": event_id, "photo": photo_id}
    connection.execute(text(REMEMBER.format(at="clock_timestamp()", table="matcher.replacements")), values)
    forget = "DELETE FROM matcher.past_versions WHERE event_id = :event AND replaced_at < now() - interval '1 day'"
    connection.execute(text(forget), values)
    drop_replacements(connection, event_id, [photo_id])


def retry_replacements(connection: Connection, event_id: UUID, photo_id: UUID | None = None, key: str = "") -> int:
    """Makes failed new versions of one photo or of all pending again; returns how many. `key` is a new upload that
    replaces the previous one. Requires the event's lock."""
    values = {"event": event_id, "photo": photo_id, "key": key}
    failed = "event_id = :event AND state = 'failed' AND (id = :photo OR CAST(:photo AS uuid) IS NULL)"
    if key:
        queue = f"INSERT INTO matcher.blob_deletions (key) SELECT upload_key FROM matcher.replacements WHERE {failed}"
        connection.execute(text(queue), values)
    retry = text(
        "UPDATE matcher.replacements SET state = 'pending', reason = '', failures = 0, lease_until = NULL,"
        f" upload_key = coalesce(nullif(:key, ''), upload_key) WHERE {failed}"
    )
    count = connection.execute(retry, values).rowcount
    if count:
        connection.execute(text("SELECT pg_notify(:channel, '')"), {"channel": PHOTOS_CHANNEL})
        hint_organisers(connection, event_id)
    return count


def replace_upload(connection: Connection, job: Job, version: int) -> Before | None:
    """Moves the upload to the photo, and deletes the faces, matches and files of the previous one. Returns None if a
    process of the previous version has added these bytes as another photo meanwhile. Requires the event's lock."""
    values = {"event": job.event_id, "photo": job.photo_id, "version": version}
    clash = text(
        "SELECT FROM matcher.replacements r JOIN matcher.photos o ON (o.event_id, o.sha256) = (r.event_id, r.sha256)"
        " WHERE r.event_id = :event AND r.id = :photo AND o.id <> r.id"
    )
    if connection.execute(clash, values).first() is not None:
        drop_replacements(connection, job.event_id, [job.photo_id])
        return None
    hint_people_in(connection, job.event_id, [job.photo_id])
    queue_files(connection, job.event_id, [job.photo_id])
    for table in ("faces", "matches"):
        query = f"DELETE FROM matcher.{table} WHERE event_id = :event AND photo_id = :photo"
        connection.execute(text(query), values)
    forget_rejected(connection, job.event_id, job.photo_id)
    before = text("SELECT state, face_count FROM matcher.photos WHERE event_id = :event AND id = :photo FOR UPDATE")
    row = connection.execute(before, values).one()
    accepted = "(SELECT created_at FROM matcher.replacements WHERE event_id = :event AND id = :photo)"
    connection.execute(text(REMEMBER.format(at=accepted, table="matcher.photos")), values)
    move = text(
        "UPDATE matcher.photos p SET upload_key = r.upload_key, content_type = r.content_type, sha256 = r.sha256,"
        " size_bytes = r.size_bytes, reason = '', attempt = p.attempt + 1, replaced_version = :version"
        " FROM matcher.replacements r WHERE p.event_id = :event AND p.id = :photo"
        " AND (r.event_id, r.id) = (p.event_id, p.id)"
    )
    connection.execute(move, values)
    connection.execute(text("DELETE FROM matcher.replacements WHERE event_id = :event AND id = :photo"), values)
    return Before(PhotoState(row.state), row.face_count)


def find_replaced(connection: Connection, event_id: UUID, after_version: int) -> Sequence[UUID]:
    """Photos whose faces are outdated in an index of that event version."""
    query = text(
        "SELECT id FROM matcher.photos WHERE event_id = :event AND replaced_version > :version AND replaced_version > 0"
    )
    return connection.execute(query, {"event": event_id, "version": after_version}).scalars().all()


def _insert(connection: Connection, photo_id: UUID, photo: NewPhoto) -> None:
    insert = text(
        "INSERT INTO matcher.replacements (event_id, id, upload_key, content_type, sha256, size_bytes)"
        " VALUES (:event_id, :photo, :upload_key, :content_type, :sha256, :size_bytes)"
    )
    connection.execute(insert, {**vars(photo), "photo": photo_id})


def _replace_unread(connection: Connection, photo_id: UUID, state: PhotoState, photo: NewPhoto) -> None:
    """Replaces the upload of a photo, and fences the process that reads the previous one."""
    queue_files(connection, photo.event_id, [photo_id])
    remember = text(REMEMBER.format(at="clock_timestamp()", table="matcher.photos"))
    connection.execute(remember, {"event": photo.event_id, "photo": photo_id})
    update = text(
        "UPDATE matcher.photos SET state = 'pending', reason = '', failures = 0, lease_until = NULL,"
        " attempt = attempt + 1, upload_key = :upload_key, content_type = :content_type, sha256 = :sha256,"
        " size_bytes = :size_bytes WHERE event_id = :event_id AND id = :photo"
    )
    connection.execute(update, {**vars(photo), "photo": photo_id})
    if state is PhotoState.FAILED:
        count_photos(connection, photo.event_id, pending=1, failed=-1)
