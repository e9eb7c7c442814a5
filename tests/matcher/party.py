"""An event for `check`, and ways to damage its files and rows."""

import os
from uuid import UUID, uuid4

from sqlalchemy import text

from matcher_service.integrity import Integrity
from matcher_service.store import IntegrityStore
from matcher_service.store.logos import LogoStore
from tests.matcher.scripted_photos import person
from tests.matcher.world import World


class Party:
    """An event with a guest in two photos, and one photo that is not indexed yet."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.event = world.event()
        self.guest = world.join(self.event)
        self.photo, self.other = world.add(self.event, 1), world.add(self.event, 1, 2)
        waiting = world.upload(self.event, [3]).photo_id
        assert waiting is not None
        self.waiting = waiting
        assert world.rematch(self.event, self.guest, 1, who=1) == "DONE"

    def key(self, photo: UUID, name: str) -> str:
        query = text(f"SELECT {name}_key FROM matcher.photos WHERE id = :photo")
        with self.world.db.begin() as connection:
            key: str = connection.execute(query, {"photo": photo}).scalar_one()
            return key

    def delete(self, photo: UUID, name: str) -> None:
        (self.world.folder / self.key(photo, name)).unlink()

    def truncate(self, photo: UUID, name: str, size: int) -> None:
        os.truncate(self.world.folder / self.key(photo, name), size)

    def flip(self, photo: UUID, name: str) -> None:
        """Flips one byte in the middle."""
        path = self.world.folder / self.key(photo, name)
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)

    def disturb(self, statement: str) -> None:
        values: dict[str, object] = {"event": self.event, "guest": self.guest, "photo": self.photo}
        values |= {"waiting": self.waiting, "stranger": uuid4(), "person": person(1)}
        with self.world.db.begin() as connection:
            connection.execute(text(statement), values)


def check(world: World, repair: bool = False) -> list[str]:
    """The findings of `check`; a repaired one is marked with a plus."""
    integrity = Integrity(IntegrityStore(world.db), LogoStore(world.db), world.blobs, repair)
    return sorted(f"{finding.defect.value}{'+' if finding.cure else ''}" for finding in integrity.check())
