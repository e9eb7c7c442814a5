"""What organisers may see of the selfies of their guests."""

from collections.abc import Callable, Sequence
from uuid import UUID

from kit.audit.acts import Act, ActQuery
from selfie_service.domain import Change, EventNotFound, GuestSelfie, OrganiserOnly, Role
from selfie_service.store import ActStore, RoleStore

Fetch = Callable[[int, float], Sequence[Change]]


class GuestSelfies:
    """Selfies of members, for organisers according to our copy of auth_service's roles. If the copy denies access, it
    is brought up to date once before the call fails."""

    def __init__(self, store: RoleStore, acts: ActStore, fetch: Fetch, catch_up: Callable[[], None]) -> None:
        self._store = store
        self._acts = acts
        self._fetch = fetch
        self._catch_up = catch_up

    def list_selfies(self, user_id: UUID, event_id: UUID, guest_ids: Sequence[UUID]) -> dict[UUID, GuestSelfie]:
        """Raises EventNotFound, OrganiserOnly."""
        self._require_organiser(event_id, user_id)
        return self._store.list_selfies(event_id, guest_ids)

    def list_acts(self, user_id: UUID, event_id: UUID, page: ActQuery) -> list[Act]:
        """Lists what this service recorded about an event. Raises EventNotFound, OrganiserOnly."""
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
        """Reads roles from changes that an earlier version applied without them. Raises Unavailable without the
        feed."""
        while (place := self._store.find_unread()) is not None and (changes := self._fetch(place, 0)):
            self._store.read_roles(changes)
