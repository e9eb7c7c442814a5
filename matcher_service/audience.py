"""The use cases of who sees a photo: organisers decide, and guests ask to hide it."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from matcher_service.domain import Action, PhotoNotFound, Visibility, may
from matcher_service.service import Members
from matcher_service.store import AudienceStore

# Which photos a member who only hides may change: showing one again must neither approve a pending photo nor restrict
# one that an organiser shows to everyone.
HIDES: Mapping[Visibility, tuple[Visibility, ...]] = {
    Visibility.HIDDEN: (Visibility.MATCHED, Visibility.EVERYONE, Visibility.HIDDEN),
    Visibility.MATCHED: (Visibility.HIDDEN, Visibility.MATCHED),
}


class Audience:
    """Decides which photos members see, apart from matching."""

    def __init__(self, store: AudienceStore, members: Members) -> None:
        self._store = store
        self._members = members

    def set_visibility(self, user_id: UUID, event_id: UUID, photo_ids: Sequence[UUID], visibility: Visibility) -> None:
        """A member who may only hide changes photos that guests see or that are hidden; others are skipped. Raises
        EventNotFound, and OrganiserOnly also if all photos would be skipped."""
        action = Action.HIDE if visibility in HIDES else Action.ADMINISTER
        role = self._members.require_to(action, event_id, user_id)
        present = tuple(Visibility) if may(role, Action.ADMINISTER) else HIDES[visibility]
        self._store.set_visibility(event_id, photo_ids, visibility, present)

    def dismiss_requests(self, user_id: UUID, event_id: UUID, photo_ids: Sequence[UUID]) -> None:
        """Raises EventNotFound, OrganiserOnly."""
        self._members.require_to(Action.ADMINISTER, event_id, user_id)
        self._store.dismiss_requests(event_id, photo_ids)

    def ask_to_hide(self, user_id: UUID, photo_id: UUID) -> None:
        """Raises PhotoNotFound."""
        event_id = self._store.find_event(photo_id)
        if event_id is None or not self._store.ask_to_hide(event_id, user_id, photo_id):
            raise PhotoNotFound

    def undo_ask_to_hide(self, user_id: UUID, photo_id: UUID) -> None:
        """Raises PhotoNotFound."""
        event_id = self._store.find_event(photo_id)
        if event_id is None or not self._store.undo_ask_to_hide(event_id, user_id, photo_id):
            raise PhotoNotFound
