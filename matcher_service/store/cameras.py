"""SQL of cameras: capture times of photos by the corrected clocks of their cameras."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, Engine, Row, text

from kit.db.engine import transaction
from matcher_service.domain import MAX_CAMERAS, Camera, CameraId, CameraNotFound, IndexedPhoto, Job
from matcher_service.store.events import lock_event
from matcher_service.store.hints import hint_all, hint_organisers

# A later time comes from a wrong clock; with an offset, it could exceed the range that can be displayed.
LATEST = datetime(9900, 1, 1, tzinfo=UTC)


def settle_time(connection: Connection, job: Job, read: IndexedPhoto) -> dict[str, Any]:
    """The values of the photo's capture time and camera. Existing ones are kept, so that a new version keeps its place
    in lists. Requires the event's lock."""
    query = text(
        "SELECT taken_at, taken_offset_min, camera_id, clock_offset_s FROM matcher.photos"
        " WHERE event_id = :event AND id = :photo"
    )
    row = connection.execute(query, {"event": job.event_id, "photo": job.photo_id}).one()
    clock, minutes = read.taken_at, read.taken_offset_min
    if row.taken_at:
        clock, minutes = row.taken_at - timedelta(seconds=row.clock_offset_s), row.taken_offset_min
    camera_id: UUID | None = row.camera_id
    if camera_id is None and read.camera:
        camera_id = _find_camera(connection, job.event_id, read.camera)
    offset_s = 0
    if clock and clock < LATEST and camera_id:
        offset = text("SELECT offset_s FROM matcher.cameras WHERE event_id = :event AND id = :camera")
        offset_s = connection.execute(offset, {"event": job.event_id, "camera": camera_id}).scalar_one()
    taken_at = clock and clock + timedelta(seconds=offset_s)
    return {"taken_at": taken_at, "offset_min": minutes, "camera": camera_id, "clock_offset": offset_s}


def _find_camera(connection: Connection, event_id: UUID, camera: CameraId) -> UUID | None:
    """The id of the camera, which is added if it is new; None if the event has the maximum number."""
    values = {"event": event_id, "id": uuid4(), "digest": camera.digest, "name": camera.name, "most": MAX_CAMERAS}
    known = text("SELECT id FROM matcher.cameras WHERE event_id = :event AND digest = :digest")
    found: UUID | None = connection.execute(known, values).scalar()
    if found:
        return found
    insert = text(
        "INSERT INTO matcher.cameras (event_id, id, digest, name, number)"
        " SELECT :event, :id, :digest, :name, 1 + count(*) FILTER (WHERE name = :name) FROM matcher.cameras"
        " WHERE event_id = :event HAVING count(*) < :most RETURNING id"
    )
    added: UUID | None = connection.execute(insert, values).scalar()
    return added


class CameraStore:
    """The cameras of events."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def list_cameras(self, event_id: UUID) -> Sequence[Camera]:
        """Cameras with indexed photos or an offset, the most used first; the unknown camera last."""
        query = text(
            """
            SELECT c.id, c.name, c.number, coalesce(c.offset_s, 0) AS offset_s, coalesce(p.photos, 0) AS photos,
                p.first_at, p.last_at
            FROM (SELECT * FROM matcher.cameras WHERE event_id = :event) c
            FULL JOIN (SELECT camera_id, count(*) AS photos, min(taken_at) AS first_at, max(taken_at) AS last_at
                FROM matcher.photos WHERE event_id = :event AND state = 'indexed' GROUP BY camera_id) p
                ON p.camera_id = c.id
            WHERE p.photos > 0 OR c.offset_s <> 0
            ORDER BY c.id IS NULL, p.photos DESC NULLS LAST, c.name, c.number
            """
        )
        with transaction(self._engine) as connection:
            return [_camera(row) for row in connection.execute(query, {"event": event_id})]

    def set_offset(self, event_id: UUID, camera_id: UUID, offset_s: int) -> None:
        """Shifts the times of present and future photos of a camera. Raises CameraNotFound."""
        values = {"event": event_id, "camera": camera_id, "offset": offset_s, "latest": LATEST}
        update = text(
            "UPDATE matcher.cameras SET offset_s = :offset WHERE event_id = :event AND id = :camera RETURNING id"
        )
        move = text(
            """
            UPDATE matcher.photos SET clock_offset_s = :offset,
                taken_at = taken_at + make_interval(secs => :offset - clock_offset_s)
            WHERE event_id = :event AND camera_id = :camera AND clock_offset_s <> :offset
                AND taken_at - make_interval(secs => clock_offset_s) < :latest
            """
        )
        follow = text(
            """
            UPDATE matcher.matches m SET sorted_at = p.sorted_at FROM matcher.photos p
            WHERE p.event_id = :event AND p.camera_id = :camera AND (m.event_id, m.photo_id) = (p.event_id, p.id)
                AND m.sorted_at <> p.sorted_at
            """
        )
        with transaction(self._engine, "camera-offset") as connection:
            if lock_event(connection, event_id) is None or connection.execute(update, values).first() is None:
                raise CameraNotFound
            if connection.execute(move, values).rowcount:
                connection.execute(follow, values)
                hint_all(connection, event_id)
            hint_organisers(connection, event_id)


def _camera(row: Row[Any]) -> Camera:
    label = "" if row.id is None else f"{row.name} ({row.number})" if row.number > 1 else row.name
    return Camera(row.id, label, row.offset_s, row.photos, row.first_at, row.last_at)
