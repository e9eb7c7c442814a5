"""The validator: takes the selfie that waits longest, has it examined, writes down the verdict."""

from collections.abc import Callable
from threading import Event

from prometheus_client import Counter, Histogram

from kit.faces.process import FaceProcessDied, FaceProcessTimedOut
from kit.logs import get_logger
from kit.worker import Worker
from selfie_service.domain import RejectReason, SelfieJob
from selfie_service.store import SelfieStore
from selfie_service.validation import Examination

log = get_logger()
verdicts = Counter("selfie_verdicts_total", "Selfies that were decided", ["reason"])
failures = Counter("selfie_failures_total", "Deaths and time-outs of the engine over a selfie")
seconds = Histogram("selfie_examination_seconds", "Duration of an examination")


class Validator(Worker[SelfieJob]):
    """Works on selfies. `lease_s` is longer than an examination may take."""

    def __init__(
        self,
        store: SelfieStore,
        examine: Callable[[bytes], Examination],
        prepare: Callable[[], None],
        lease_s: float,
        stop: Event,
    ) -> None:
        super().__init__(prepare, stop)
        self._store = store
        self._examine = examine
        self._lease_s = lease_s

    def claim(self) -> SelfieJob | None:
        return self._store.claim(self._lease_s)

    def give_back(self, job: SelfieJob) -> None:
        self._store.release(job)

    def work(self, job: SelfieJob) -> None:
        try:
            with seconds.time():
                examination = self._examine(job.image)
        except Exception as fault:
            self._give_up(job, fault)
        else:
            self._settle(job, examination)

    def _settle(self, job: SelfieJob, examination: Examination) -> None:
        if examination.encoding is not None:
            verdict, in_time = "valid", self._store.accept(job, examination.encoding)
        else:
            reason = RejectReason(examination.reason)
            verdict, in_time = reason.value, self._store.reject(job, reason)
        if in_time:
            verdicts.labels(verdict).inc()
        log.info(
            "Decided about a selfie." if in_time else "A verdict came too late.",
            action="selfie_decided" if in_time else "verdict_late",
            selfie_id=str(job.selfie_id),
            verdict=verdict,
        )

    def _give_up(self, job: SelfieJob, fault: Exception) -> None:
        """Only what the engine did to this selfie counts; what happens because the process stops does not."""
        if self._stop.is_set():
            self.give_back(job)
        elif isinstance(fault, FaceProcessDied | FaceProcessTimedOut):
            failures.inc()
            self._store.count_failure(job)
            log.warning(
                "The engine failed over a selfie.",
                action="selfie_failed",
                selfie_id=str(job.selfie_id),
                attempt=job.attempt,
                fault=type(fault).__name__,
            )
        else:
            self.give_back(job)
            raise fault
