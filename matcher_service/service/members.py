"""Permissions of the members of an event."""

from collections.abc import Callable, Sequence
from uuid import UUID

from matcher_service.domain import Action, EventNotFound, GuestPhotos, OrganiserOnly, PhotoNotFound, Role, may
from matcher_service.store import MemberStore

CatchUp = Callable[[], None]


class Members:
    """Checks permissions against the local copy of the memberships; before denying, it updates the copy once."""

    def __init__(self, store: MemberStore, catch_up: CatchUp) -> None:
        self._store = store
        self._catch_up = catch_up

    def require(self, event_id: UUID, user_id: UUID) -> Role:
        """Raises EventNotFound."""
        role = self._store.find_role(event_id, user_id)
        if role is None:
            self._catch_up()
            role = self._store.find_role(event_id, user_id)
        if role is None:
            raise EventNotFound
        return role

    def require_to(self, action: Action, event_id: UUID, user_id: UUID) -> Role:
        """The role of a permitted caller. Raises EventNotFound, OrganiserOnly."""
        role = self.require(event_id, user_id)
        if not may(role, action):
            self._catch_up()  # the role may have changed since
            role = self.require(event_id, user_id)
        if not may(role, action):
            raise OrganiserOnly
        return role

    def require_organiser_of(self, event_id: UUID | None, user_id: UUID) -> UUID:
        """Returns the event of a photo. Raises PhotoNotFound if it is None or the user is not one of its organisers."""
        if event_id is None:
            raise PhotoNotFound
        try:
            self.require_to(Action.ADMINISTER, event_id, user_id)
        except (EventNotFound, OrganiserOnly):
            raise PhotoNotFound from None
        return event_id

    def require_contributor(self, event_id: UUID, user_id: UUID) -> Role:
        """Requires a role that may add photos, or an event that accepts photos of guests. Raises EventNotFound,
        OrganiserOnly."""
        if not self._is_contributor(event_id, user_id):
            self._catch_up()
            if not self._is_contributor(event_id, user_id):
                raise OrganiserOnly
        return self.require(event_id, user_id)

    def require_all_to(self, action: Action, event_ids: Sequence[UUID], user_id: UUID) -> dict[UUID, Role]:
        """Like `require_to` for several events, in one query if possible."""
        roles = self._store.find_roles(event_ids, user_id)
        for event_id in event_ids:
            if event_id not in roles or not may(roles[event_id], action):
                roles[event_id] = self.require_to(action, event_id, user_id)
        return roles

    def _is_contributor(self, event_id: UUID, user_id: UUID) -> bool:
        if may(self.require(event_id, user_id), Action.ADD):
            return True
        return self._store.find_guest_photos(event_id) in (GuestPhotos.MODERATED, GuestPhotos.OPEN)
