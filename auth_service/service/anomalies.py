"""Suspicious patterns that organisers should review."""

from uuid import UUID

from auth_service.domain import Member
from auth_service.service.roles import require_organiser
from auth_service.store import Stores

GUESTS_OF_ONE_PHONE = 5


class Anomalies:
    """Finds phones with at least `least` guests."""

    def __init__(self, stores: Stores, least: int) -> None:
        self._members = stores.members
        self._phones = stores.phones
        self._least = least

    def list_shared_phones(self, user_id: UUID, event_id: UUID) -> list[list[Member]]:
        """Raises EventNotFound, OrganiserOnly."""
        require_organiser(self._members, event_id, user_id)
        return self._phones.list_shared(event_id, self._least)
