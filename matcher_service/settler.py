"""The settler: applies all rules of matching to events that changed, in the background."""

import time
from collections.abc import Mapping
from threading import Event
from uuid import UUID

from prometheus_client import Counter, Histogram

from kit.telemetry.logs import get_logger
from kit.worker import Worker
from matcher_service.domain import FoundMatch, Settlement
from matcher_service.rules import Limits, Settled, examine
from matcher_service.service import TwoFaces
from matcher_service.store import SettlementStore, UnsettledEvent

log = get_logger()
settlements = Counter("matcher_settlements_total", "Events settled, by outcome", ["outcome"])
seconds = Histogram("matcher_settlement_seconds", "Time for an event", buckets=(0.1, 0.3, 1, 3, 10, 30))

# A process that dies while settling an event blocks it for other processes for this long. The rules take 0.15 to 0.2
# microseconds per pair of a face and a guest, and much longer on a busy machine.
LEASE_S = 20.0
LEASE_OF_PAIR_S = 2e-6
DELAY_S = 2.0  # photos and selfies that arrive together are settled together
REST_SHARE = 10  # an event that changes constantly uses a tenth of a settler's time


class Settler(Worker[Settlement]):
    """Processes one event at a time. Events of more than `max_faces` faces have only direct matches."""

    def __init__(
        self,
        store: SettlementStore,
        limits: Limits,
        max_faces: int,
        stop: Event,
        two_faces: TwoFaces,
        delay_s: float = DELAY_S,
    ) -> None:
        super().__init__(lambda: None, stop)
        self._store = store
        self._two_faces = two_faces
        self._limits = limits
        self._max_faces = max_faces
        self._delay_s = delay_s

    def claim(self) -> Settlement | None:
        return self._store.claim(LEASE_S, self._delay_s, LEASE_OF_PAIR_S)

    def give_back(self, job: Settlement) -> None:
        self._store.rest(job, 0)

    def work(self, job: Settlement) -> None:
        began_at = time.monotonic()
        with seconds.time():
            event = self._store.read(job, self._max_faces)
            if event is None:
                return
            self.publish(job, event, began_at)

    def publish(self, job: Settlement, event: UnsettledEvent, began_at: float) -> bool:
        """Publishes the matches of the event as it was read; returns False if it was reset since then."""
        result = examine(event.faces, event.people, event.refusals, self._limits)
        found = result.settled
        self._two_faces.note(job.event_id, result.two_faces)
        removed, added = compare(event, found)
        took_s = time.monotonic() - began_at
        rest_s = max(self._delay_s, REST_SHARE * took_s) if self._delay_s else 0.0
        is_published = self._store.publish(job, event, removed, added, rest_s)
        if not is_published:
            self._store.rest(job, rest_s)
        outcome = "settled" if is_published else "outdated"
        settlements.labels(outcome).inc()
        log.info(
            "Settled an event." if is_published else "An event changed while it was settled.",
            action="event_settled",
            event_id=str(job.event_id),
            outcome=outcome,
            faces=len(event.faces),
            people=len(event.people),
            removed=len(removed),
            added=len(added),
            seconds=round(took_s, 3),
        )
        return is_published


def compare(
    event: UnsettledEvent, found: Mapping[tuple[UUID, UUID], Settled]
) -> tuple[list[tuple[UUID, UUID]], list[FoundMatch]]:
    """The matches to delete, by person and photo, and those to add; a match that moves to another face is in both."""
    removed = [
        pair
        for pair, (no, is_grown) in event.matches.items()
        if (now := found.get(pair)) is None or (now.no, now.is_grown) != (no, is_grown)
    ]
    gone = set(removed)
    added = [
        FoundMatch(*pair, settled.no, settled.distance, settled.is_grown)
        for pair, settled in found.items()
        if pair in gone or pair not in event.matches
    ]
    return removed, added
