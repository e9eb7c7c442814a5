"""The validator: claims pending selfies, has them examined, and stores the verdicts."""

from collections.abc import Callable
from threading import Event

from prometheus_client import Counter, Histogram

from kit.faces.validation import Examination
from kit.sandbox.process import SandboxDied, SandboxTimedOut
from kit.storage.blobs import BlobNotFound
from kit.telemetry import traces
from kit.telemetry.logs import get_logger
from kit.worker import Worker
from selfie_service.binding import SAME_FACE
from selfie_service.domain import Decision, Judge, RejectReason, SelfieJob
from selfie_service.images import Images
from selfie_service.spending import Spending
from selfie_service.store import SelfieStore

log = get_logger()
verdicts = Counter("selfie_verdicts_total", "Selfies with a verdict", ["reason"])
deferred = Counter("selfie_deferred_total", "Selfies deferred to the slow lane")
failures = Counter("selfie_failures_total", "Crashes and timeouts of the engine")
seconds = Histogram("selfie_examination_seconds", "Duration of an examination")


class Validator(Worker[SelfieJob]):
    """Examines selfies, first those of the accounts with the least spending. `lease_s` must exceed the duration of an
    examination; `judge` binds people to their first face; `is_slow` selects the lane (None: both); `defer` is called
    when a selfie is left to the slow lane."""

    def __init__(
        self,
        store: SelfieStore,
        images: Images,
        examine: Callable[[bytes], Examination],
        judge: Judge | None,
        prepare: Callable[[], None],
        lease_s: float,
        stop: Event,
        spending: Spending | None = None,
        is_slow: bool | None = None,
        defer: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(prepare, stop)
        self._store = store
        self._images = images
        self._examine = examine
        self._judge = judge
        self._lease_s = lease_s
        self._spending = spending or Spending()
        self._is_slow = is_slow
        self._defer = defer

    def step(self) -> bool:
        """Waiting selfies take precedence over moving images from rows to files."""
        return super().step() or (not self._is_slow and not self._stop.is_set() and self._move_one())

    def claim(self) -> SelfieJob | None:
        return self._store.claim(self._lease_s, self._spending.read(), self._is_slow)

    def give_back(self, job: SelfieJob) -> None:
        self._store.release(job)

    def work(self, job: SelfieJob) -> None:
        charged = self._spending.measure(job.account_id, job.event_ids)
        with traces.work("selfie", job.selfie_id):
            try:
                with charged:
                    image = self._images.read(job.person_id, job.image)
                    with seconds.time(), traces.step("examine"):
                        examination = self._examine(image)
            except Exception as fault:
                self._give_up(job, fault)
            else:
                if examination.reason == "takes_longer":
                    self._leave(job)
                else:
                    self._settle(job, examination)

    def _leave(self, job: SelfieJob) -> None:
        self.give_back(job)
        deferred.inc()
        self._defer()

    def _settle(self, job: SelfieJob, examination: Examination) -> None:
        decision = self._decide(job, examination)
        in_time, verdict = decision.in_time, decision.reason.value if decision.reason else "valid"
        if in_time:
            verdicts.labels(verdict).inc()
        log.info(
            "Decided about a selfie." if in_time else "A verdict came too late.",
            action="selfie_decided" if in_time else "verdict_late",
            selfie_id=str(job.selfie_id),
            verdict=verdict,
        )

    def _decide(self, job: SelfieJob, examination: Examination) -> Decision:
        if examination.encoding is not None:
            judge = self._judge or (SAME_FACE.judge if job.is_addition else None)
            return self._store.accept(job, examination.encoding, judge)
        reason = RejectReason(examination.reason)
        return Decision(self._store.reject(job, reason), reason)

    def _give_up(self, job: SelfieJob, fault: Exception) -> None:
        """Counts crashes and timeouts of the engine and missing files against the selfie, but not a stopping
        process."""
        if self._stop.is_set():
            self.give_back(job)
        elif isinstance(fault, SandboxDied | SandboxTimedOut | BlobNotFound):
            failures.inc()
            self._store.count_failure(job)
            log.warning(
                "A selfie could not be examined.",
                action="selfie_failed",
                selfie_id=str(job.selfie_id),
                attempt=job.attempt,
                fault=type(fault).__name__,
            )
        else:
            self.give_back(job)
            raise fault

    def _move_one(self) -> bool:
        """Moves the image of a selfie of schema 0001 from its row to a file; returns False if none is left."""
        found = self._store.find_image_in_row()
        if found is None:
            return False
        selfie_id, person_id, image = found
        key = self._images.write(person_id, image)
        if not self._store.move_image(selfie_id, key):
            self._images.discard(key)
        return True
