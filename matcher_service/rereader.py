"""The rereader: reads photos of an older engine again when no new ones wait, and swaps the faces of whole events.

It works in the indexer's thread and process, after everything else that the indexer does.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from math import inf
from threading import Event

from prometheus_client import Counter

from kit.sandbox.process import SandboxDied, SandboxTimedOut
from kit.storage.blobs import BlobNotFound, Blobs
from kit.telemetry import traces
from kit.telemetry.logs import get_logger
from kit.worker import Worker
from matcher_service.domain.rereads import RereadJob, RereadPhoto, Swap
from matcher_service.indexer import make_faces
from matcher_service.reading import Reading
from matcher_service.rules import Limits, match
from matcher_service.settler import REST_SHARE, compare
from matcher_service.store import RereadStore, SwapStore, UnswappedEvent

log = get_logger()
photos_reread = Counter("indexer_reread_photos_total", "Photos read again, by outcome", ["outcome"])
swaps = Counter("indexer_reread_swaps_total", "Events whose faces were to be swapped, by outcome", ["outcome"])

PLAN_S = 600.0  # between two searches for events with photos of an older engine
REST_S = 2.0  # shortest pause before a failed swap is retried


def in_order(*steps: Callable[[], bool]) -> Callable[[], bool]:
    """A step that runs the first of these that has work."""
    return lambda: any(step() for step in steps)


@dataclass(frozen=True)
class Pace:
    """`share`: the largest share of an indexer's time. `is_automatic`: searches for events by itself; the command
    `reread` plans others."""

    share: float = 1.0
    is_automatic: bool = True


FULL_PACE = Pace()


class Rereader(Worker[RereadJob]):
    """Processes one photo or swap at a time. Events of more than `max_faces` faces have only direct matches."""

    def __init__(
        self,
        store: RereadStore,
        swap_store: SwapStore,
        blobs: Blobs,
        read: Callable[[bytes], Reading],
        prepare: Callable[[], None],
        limits: Limits,
        max_faces: int,
        lease_s: float,
        stop: Event,
        pace: Pace = FULL_PACE,
    ) -> None:
        super().__init__(prepare, stop)
        self._store = store
        self._swap_store = swap_store
        self._blobs = blobs
        self._read = read
        self._limits = limits
        self._max_faces = max_faces
        self._lease_s = lease_s
        self._pace = pace
        self._rests_until = self._plans_at = 0.0

    def step(self) -> bool:
        began_at = time.monotonic()
        if self._stop.is_set() or began_at < self._rests_until:
            return False
        if not super().step():
            return self._plan()
        took_s = time.monotonic() - began_at
        self._rests_until = began_at + took_s / self._pace.share
        return True

    def claim(self) -> RereadJob | None:
        return self._store.claim(self._lease_s)

    def give_back(self, job: RereadJob) -> None:
        self._store.release(job)

    def work(self, job: RereadJob) -> None:
        if isinstance(job, Swap):
            self.swap(job)
            return
        with traces.work("reread", job.photo_id):
            outcome = self.read_again(job)
            traces.tell(outcome=outcome)
        photos_reread.labels(outcome).inc()
        log.debug("Read a photo again.", action="photo_reread", photo_id=str(job.photo_id), outcome=outcome)

    def read_again(self, job: RereadPhoto) -> str:
        """Returns the outcome for logs and metrics."""
        try:
            reading = self._read(self._blobs.get(job.upload_key))
        except BlobNotFound:
            return self._keep(job, "file_missing")
        except (SandboxDied, SandboxTimedOut):
            if self._stop.is_set():
                self.give_back(job)
                return "released"
            self._store.count_failure(job)
            return "crashed"
        except Exception:
            self.give_back(job)
            raise
        if reading.reason:
            return self._keep(job, reading.reason)
        is_staged = self._store.stage(job, make_faces(reading), reading.small_count)
        return "read" if is_staged else "outdated"

    def swap(self, job: Swap) -> None:
        began_at = time.monotonic()
        swap = self._swap_store.read(job, self._max_faces)
        if swap is None:
            self._store.rest(job, REST_S)
            return
        outcome = "swapped" if self.publish(job, swap) else "outdated"
        took_s = time.monotonic() - began_at
        if outcome == "outdated" or not swap.is_last:
            self._store.rest(job, max(REST_S, REST_SHARE * took_s) if outcome == "outdated" else 0)
        swaps.labels(outcome).inc()
        log.info(
            "Swapped the faces of an event." if outcome == "swapped" else "An event changed before its swap.",
            action="event_reread",
            event_id=str(job.event_id),
            outcome=outcome,
            photos=len(swap.read),
            kept=len(swap.kept),
            faces=len(swap.event.faces),
            complete=swap.is_last,
            seconds=round(took_s, 3),
        )

    def publish(self, job: Swap, swap: UnswappedEvent) -> bool:
        """Publishes the matches of the event as it was read; returns False if anything in it changed since then."""
        event = swap.event
        limits = self._limits if swap.is_whole else replace(self._limits, template_distance=-1.0, nearest_margin=inf)
        found = match(event.faces, event.people, event.refusals, limits)
        if not swap.is_whole:
            found = {pair: settled for pair, settled in found.items() if pair[1] in set(swap.read)}
        return self._swap_store.publish(job, swap, *compare(event, found))

    def _keep(self, job: RereadPhoto, reason: str) -> str:
        self._store.keep(job)
        log.warning(
            "A photo can no longer be read and keeps its faces.",
            action="photo_kept",
            photo_id=str(job.photo_id),
            reason=reason,
        )
        return reason

    def _plan(self) -> bool:
        """Plans events with photos of an older engine; returns whether there were any."""
        now = time.monotonic()
        if not self._pace.is_automatic or now < self._plans_at:
            return False
        self._plans_at = now + PLAN_S
        count = self._store.plan()
        if count:
            log.info("Events have photos of an older engine.", action="rereads_planned", events=count)
        return count > 0
