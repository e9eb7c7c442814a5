"""Photos read by an older engine, and a newer engine that numbers and places faces differently."""

from typing import Any
from uuid import UUID

from sqlalchemy import Engine, text

from matcher_service.reading import Reading
from tests.matcher.looks import Look, LooksWorld, parse, read_looks, show

PLACES = (-18, -13, -12, -11, -6, -5, 5, 6, 7)  # positions at which a face may be
NEAR, FAR = Look(1), Look(40)
LEASE_S = 60.0
UNREADABLE = 7  # the newer engine rejects photos that begin with this marker


def age(db: Engine, event_id: UUID) -> None:
    """Marks all indexed photos of an event as read by an older engine."""
    with db.begin() as connection:
        connection.execute(
            text(
                "UPDATE matcher.photos SET engine_version = 1, reread_version = 0"
                " WHERE event_id = :event AND state = 'indexed'"
            ),
            {"event": event_id},
        )


def look_again(looks: list[Look]) -> list[Look]:
    """The faces as the newer engine sees them: in reverse order, some of them elsewhere."""
    moved = [Look(_move(look.place), look.size) for look in looks]
    return moved[::-1]


def read_again(data: bytes) -> Reading:
    looks = parse(data)
    if is_unreadable(looks):
        return Reading(reason="unreadable")
    return read_looks(show(look_again(looks)), is_reversed=True)


def is_unreadable(looks: list[Look]) -> bool:
    return bool(looks) and looks[0].place == UNREADABLE


def _move(place: int) -> int:
    return PLACES[(PLACES.index(place) + 2) % len(PLACES)] if place in PLACES else place


class Old:
    """An event whose guest, at 0, is in photos 1 and 3 of three. The newer engine sees the guest only in photo 2."""

    def __init__(self, world: LooksWorld) -> None:
        self.world = world
        self.event = world.event()
        self.guest = world.join(self.event)
        self.photos = [world.add_looks(self.event, FAR, look) for look in (NEAR, Look(50), NEAR)]
        assert world.send_selfie(self.event, self.guest, 1, 0) == "DONE"
        world.settle_all()
        self.before, self.after = {self.photos[0], self.photos[2]}, {self.photos[1]}
        second = self.upload(self.photos[1])
        self.world.rereader = world.make_rereader(
            lambda data: read_looks(show([FAR, NEAR] if data == second else [FAR]))
        )
        age(world.db, self.event)
        world.reread_store.plan()

    def upload(self, photo: UUID) -> bytes:
        return self.world.blobs.get(self.value("upload_key", photo))

    def value(self, column: str, photo: UUID) -> Any:
        with self.world.db.begin() as connection:
            query = text(f"SELECT {column} FROM matcher.photos WHERE id = :photo")
            return connection.execute(query, {"photo": photo}).scalar_one()

    def found(self) -> set[UUID]:
        return self.world.found(self.guest)

    def read_all(self) -> int:
        """Runs the rereader until no work is left; the number of steps."""
        steps = 0
        while self.world.rereader.step():
            steps += 1
        return steps
