"""Photos with a capture time and a camera."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import text

from kit.faces.images.metadata import Camera
from kit.faces.images.taken import Taken
from matcher_service.reading import Reading
from tests.matcher.scripted_photos import photo_of, read_script
from tests.matcher.world import World

NOON = datetime(2026, 6, 20, 12, tzinfo=UTC)
CANON, SECOND = (Camera("Canon", "Canon EOS R5", serial) for serial in ("1", "2"))
PHONE = Camera("Apple", "iPhone 15", "")


def add_taken(
    world: World,
    event: UUID,
    camera: Camera | None,
    minute: float | None,
    *people: int,
    name: str = "a.jpg",
    replaces: bool = False,
) -> UUID:
    """Uploads and indexes a photo whose camera dates it this many minutes after noon."""
    taken = None if minute is None else Taken(NOON + timedelta(minutes=minute), 120)

    def read(data: bytes) -> Reading:
        return replace(read_script(data), taken=taken, camera=camera)

    data = photo_of(people, f"{minute} {camera} {name} {replaces}")
    photo = world.add_file(event, data, name, replaces=replaces).photo_id
    while world.make_indexer(read).step():
        pass
    assert photo
    return photo


def add_camera(world: World, event: UUID) -> UUID:
    """Inserts a camera without photos."""
    query = text(
        "INSERT INTO matcher.cameras (event_id, id, digest, name, number)"
        " VALUES (:event, gen_random_uuid(), 'd', 'n', 1) RETURNING id"
    )
    with world.db.begin() as connection:
        camera: UUID = connection.execute(query, {"event": event}).scalar_one()
        return camera
