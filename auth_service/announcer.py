"""Announces by e-mail to the organisers of an event, a month and a week before, that it will be hidden and deleted."""

from collections.abc import Callable, Sequence
from uuid import UUID

from auth_service.mails import PhotoCounts
from auth_service.store import AnnouncementStore
from kit.errors import Unavailable

Count = Callable[[UUID, Sequence[UUID]], PhotoCounts]


class Announcer:
    """`count` asks matcher_service for the photos of an event."""

    def __init__(self, store: AnnouncementStore, count: Count) -> None:
        self._store = store
        self._count = count

    def step(self) -> bool:
        """Announces everything that is due; returns False, since nothing is left."""
        totals: dict[UUID, int | None] = {}
        for due in self._store.list_due():
            if due.event_id not in totals:
                totals[due.event_id] = self._find_total(due.event_id)
            self._store.announce(due, totals[due.event_id])
        return False

    def _find_total(self, event_id: UUID) -> int | None:
        """Returns None if matcher_service is unavailable: the e-mail is sent without the count."""
        try:
            return self._count(event_id, []).total
        except Unavailable:
            return None
