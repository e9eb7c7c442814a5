"""The audit log of an event, for its organisers."""

from uuid import UUID

from auth_service.service.roles import require_organiser
from auth_service.store import Stores
from kit.audit.acts import Act, ActQuery


class Acts:
    """Reads the audit log of this service."""

    def __init__(self, stores: Stores) -> None:
        self._acts = stores.acts
        self._members = stores.members

    def list_acts(self, user_id: UUID, event_id: UUID, page: ActQuery) -> list[Act]:
        """Raises EventNotFound, OrganiserOnly."""
        require_organiser(self._members, event_id, user_id)
        return self._acts.list_acts(event_id, page)
