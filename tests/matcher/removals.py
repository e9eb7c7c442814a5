"""An event whose photos show a person who is not a guest and is removed by an organiser.

The guest is at position 0; the tolerance reaches to 8.
"""

from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text

from matcher_service.domain.removals import ChosenFace, Removal
from tests.matcher.looks import Look, LooksWorld, show

FORGET, HIDE = Removal.FORGET_FACES, Removal.HIDE_PHOTOS
STRANGER, GUEST = Look(30), Look(1)


class Asked:
    """An event with a stranger in two photos, in one of them with the guest; a third photo shows only the guest."""

    def __init__(self, world: LooksWorld) -> None:
        self.world = world
        self.event = world.event()
        self.guest = world.join(self.event)
        self.both = self.add(GUEST, STRANGER)
        self.alone, self.guests = self.add(Look(31)), self.add(Look(2))
        assert world.send_selfie(self.event, self.guest, 1, 0) == "DONE"
        world.settle_all()

    def add(self, *looks: Look) -> UUID:
        """Adds a photo under a unique name."""
        name = f"{uuid4()}.jpg"
        added = self.world.add_file(self.event, show(looks), name)
        self.world.index_all()
        assert added.photo_id
        return added.photo_id

    def replace(self, photo: UUID, data: bytes) -> None:
        name = self.value("SELECT filename FROM matcher.photos WHERE id = :photo", photo=photo)
        self.world.add_file(self.event, data, name, replaces=True)
        self.world.index_all()

    def find(self, photo: UUID, no: int) -> list[ChosenFace]:
        _, found, total = self.world.removals.find_similar(self.world.organiser, photo, no)
        assert total == len(found)
        return [similar.face for similar in found]

    def remove(self, *faces: ChosenFace, removal: Removal = FORGET) -> int:
        return self.world.removals.remove(self.world.organiser, self.event, faces, removal)

    def forget_stranger(self, removal: Removal = FORGET) -> None:
        assert self.remove(*self.find(self.both, 1), removal=removal) == 2

    def join_as_stranger(self) -> set[UUID]:
        """The photos found for a guest who joins with the stranger's face, once the event is settled."""
        user = self.world.join(self.event)
        assert self.world.send_selfie(self.event, user, 1, STRANGER.place) == "DONE"
        before = self.world.found(user)
        self.world.settle_all()
        assert self.world.found(user) == before
        return before

    def value(self, query: str, **values: Any) -> Any:
        with self.world.db.begin() as connection:
            return connection.execute(text(query), {"event": self.event, **values}).scalar()

    def places(self, photo: UUID) -> list[int]:
        """The columns of the faces stored for a photo."""
        with self.world.db.begin() as connection:
            query = text('SELECT "left" / 200 FROM matcher.faces WHERE photo_id = :photo ORDER BY face_no')
            return list(connection.execute(query, {"photo": photo}).scalars())

    def acts(self) -> list[tuple[str, str, UUID | None]]:
        with self.world.db.begin() as connection:
            query = text("SELECT action, result, object_id FROM matcher.acts WHERE event_id = :event ORDER BY at, id")
            return [tuple(row) for row in connection.execute(query, {"event": self.event})]  # type: ignore[misc]
