"""What the organisers of an event may know of the selfies of its guests."""

from collections.abc import Callable, Sequence
from uuid import UUID

from kit.audit.acts import Act, ActPage
from selfie_service.domain import Change, EventNotFound, GuestSelfie, OrganiserOnly, Role
from selfie_service.store import ActStore, RoleStore

Fetch = Callable[[int, float], Sequence[Change]]


class GuestSelfies:
    """Selfies of members, for organisers by our copy of auth_service's roles; on a miss it catches up once before it
    says no."""

    def __init__(self, store: RoleStore, acts: ActStore, fetch: Fetch, catch_up: Callable[[], None]) -> None:
        self._store = store
        self._acts = acts
        self._fetch = fetch
        self._catch_up = catch_up

    def list_selfies(self, user_id: UUID, event_id: UUID, guest_ids: Sequence[UUID]) -> dict[UUID, GuestSelfie]:
        """Raises EventNotFound, OrganiserOnly."""
        self._require_organiser(event_id, user_id)
        return self._store.list_selfies(event_id, guest_ids)

    def list_acts(self, user_id: UUID, event_id: UUID, page: ActPage) -> list[Act]:
        """What this service has recorded about an event. Raises EventNotFound, OrganiserOnly."""
        self._require_organiser(event_id, user_id)
        return self._acts.list_acts(event_id, page)

    def _require_organiser(self, event_id: UUID, user_id: UUID) -> None:
        if self._store.find_unread() is not None or self._store.find_role(event_id, user_id) is not Role.ORGANISER:
            self._catch_up()
            self.read_roles()
        role = self._store.find_role(event_id, user_id)
        if role is None:
            raise EventNotFound
        if role is not Role.ORGANISER:
            raise OrganiserOnly

    def read_roles(self) -> None:
        """Reads what a version without members has applied. Raises Unavailable when the feed cannot be read."""
        while (place := self._store.find_unread()) is not None and (changes := self._fetch(place, 0)):
            self._store.read_roles(changes)
