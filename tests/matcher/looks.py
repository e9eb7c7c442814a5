"""Photos whose faces resemble people to a chosen degree: a look is a position on a line, in steps of 0.07.

No two places are at a distance that decides: at the tolerance of 0.6 are 8 steps, at those of templates and of growth
6, of rejected faces 5, and their margin is one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID, uuid4

from kit.faces import Box, Quality
from matcher_service.domain import Rematch
from matcher_service.reading import FaceReading, Reading
from tests.matcher.scripted_photos import JPEG, JPEG_END
from tests.matcher.world import World
from tests.unit.matching_rules import PlainFace, encode

STEP = 0.07


@dataclass(frozen=True)
class Look:
    """A face at a position, with its size in pixels."""

    place: int
    size: int = 80


def show(looks: Iterable[Look]) -> bytes:
    """Encodes these faces as a file; every call returns a different file."""
    return JPEG + f"{uuid4()}|{','.join(f'{look.place}:{look.size}' for look in looks)}".encode()


def read_looks(data: bytes, *, is_reversed: bool = False) -> Reading:
    """Reads what `show` wrote: faces from left to right in this order, or reversed."""
    looks = parse(data)
    columns = range(len(looks))[::-1] if is_reversed else range(len(looks))
    faces = tuple(
        FaceReading(
            Box(200 * column, 0, look.size, look.size), encode((look.place * STEP,)), Quality(look.size, 100, 120, 0)
        )
        for column, look in zip(columns, looks, strict=True)
    )
    pictures = {f"{name}_jpeg": JPEG + name.encode() + JPEG_END for name in ("original", "preview", "medium", "thumb")}
    return Reading(width=1200, height=800, faces=faces, colour=0x102030, **pictures)


def parse(data: bytes) -> list[Look]:
    said = data.rpartition(b"|")[2].decode()
    return [Look(*map(int, look.split(":"))) for look in said.split(",") if look]


def make_plain(photo: UUID, looks: Iterable[Look], trusted: bool) -> list[PlainFace]:
    """The faces of a photo in the form that the brute-force model uses."""
    return [
        PlainFace(photo, no, (look.place * STEP,), size=look.size, trusted=trusted) for no, look in enumerate(looks)
    ]


def make_selfie(event: UUID, user: UUID, revision: int, place: int | None) -> Rematch:
    encoding = None if place is None else encode((place * STEP,))
    return Rematch("r", user, event, revision, encoding)


class LooksWorld(World):
    """A world whose photos are made by `show`."""

    def __init__(self, *args: object, **twins: object) -> None:
        super().__init__(*args, **twins)  # type: ignore[arg-type]
        self.indexer = self.make_indexer(read_looks)

    def add_looks(self, event: UUID, *looks: Look, who: UUID | None = None) -> UUID:
        """Uploads and indexes a photo."""
        added = self.add_file(event, show(looks), who=who)
        self.index_all()
        assert added.photo_id is not None
        return added.photo_id

    def send_selfie(self, event: UUID, user: UUID, revision: int, place: int | None) -> str:
        *_, last = self.matches.rematch(make_selfie(event, user, revision, place))
        return last.state.name
