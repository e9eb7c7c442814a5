"""Photos of an older engine, and a newer one, which numbers and places faces in another way."""

from uuid import UUID

from sqlalchemy import Engine, text

from matcher_service.reading import Reading
from tests.service.matcher_looks import Look, parse, read_looks, show

PLACES = (-18, -13, -12, -11, -6, -5, 5, 6, 7)  # those that may be where a face is
UNREADABLE = 7  # the newer engine reads no photo that begins with this one


def age(db: Engine, event_id: UUID) -> None:
    """All photos of an event that were read were read by an older engine."""
    with db.begin() as connection:
        connection.execute(
            text(
                "UPDATE matcher.photos SET engine_version = 1, reread_version = 0"
                " WHERE event_id = :event AND state = 'indexed'"
            ),
            {"event": event_id},
        )


def look_again(looks: list[Look]) -> list[Look]:
    """The faces as the newer engine sees them: in the other order, and some of them elsewhere."""
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
