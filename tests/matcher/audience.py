"""An event with photos that are hidden, visible to everyone, or subject to a request to hide them."""

from uuid import UUID

from matcher_service.domain import Visibility
from tests.matcher.world import World


class Party:
    """An event with one guest who is in two of three photos, and one guest without a selfie."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.event = world.event()
        self.guest, self.faceless = world.join(self.event), world.join(self.event)
        self.mine, self.shared = world.add(self.event, 1), world.add(self.event, 1, 2)
        self.other = world.add(self.event, 2)
        assert world.rematch(self.event, self.guest, 1, 1) == "DONE"

    def set(self, visibility: Visibility, *photos: UUID) -> None:
        self.world.audience.set_visibility(self.world.organiser, self.event, photos, visibility)

    def sees(self, user: UUID) -> dict[UUID, bool]:
        """The photos visible to a user, and whether the user is in them; lists and pictures must agree."""
        return self.world.seen(self.event, user)
