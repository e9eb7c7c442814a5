"""Traces: spans of requests, calls, statements and jobs, sent to a collector where there is one.

A request is one trace, through all services that it calls. What it leaves to be done, a photo to be read or a selfie to
be examined, is done later, perhaps several times, by another process: all work on it is a trace of its own, whose id is
the id of the photo or selfie, and the request has a link to it. So no row and no message carries a context, and the
trace of a late photo is found by its id, without dashes.

Spans name routes, rpcs and statements with placeholders, never values: see `kit.telemetry.logs` for what must stay out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from kit.settings import TraceSettings  # which writes logs, and logs carry the id of the trace
    from kit.telemetry.spans import Recorder

_recorder: Recorder | None = None


def start(process: str, settings: TraceSettings) -> None:
    """From now on this process sends spans, if a collector is set. Without one, everything here does nothing."""
    global _recorder
    if settings.otel_exporter_otlp_endpoint:
        # Here, so that a process without traces does not load OpenTelemetry's SDK (FastAPI loads its API anyway).
        from kit.telemetry.spans import Recorder

        _recorder = Recorder.connect(process, settings)


def trace_id() -> str:
    """Of the trace at hand, 32 hexadecimal digits; empty where there is none."""
    return _recorder.trace_id() if _recorder else ""


def headers() -> list[tuple[str, str]]:
    """What a call carries, so that the service called continues the trace."""
    return _recorder.headers() if _recorder else []


def serve(name: str, headers: Mapping[str, str]) -> AbstractContextManager[None]:
    """A request that came in; the `traceparent` among its headers makes it part of the caller's trace."""
    return _recorder.serve(name, headers) if _recorder else nullcontext()


def call(name: str, subjects: Iterable[UUID] = ()) -> AbstractContextManager[None]:
    """A call of another service, which may be about subjects that have traces of their own."""
    return _recorder.call(name, subjects) if _recorder else nullcontext()


def step(name: str, **attributes: str) -> AbstractContextManager[None]:
    """A part of a trace that is worth measuring; outside of one it is nothing."""
    return _recorder.step(name, attributes) if _recorder and _recorder.is_recording() else nullcontext()


def work(name: str, subject: UUID) -> AbstractContextManager[None]:
    """Work on a photo or a selfie, in the trace of its id, with a link to what it is part of."""
    return _recorder.work(name, subject) if _recorder else nullcontext()


def lead_to(subject: UUID) -> None:
    """The request at hand leaves this photo or selfie to be worked on."""
    if _recorder:
        _recorder.lead_to(subject)


def note(name: str, **attributes: str) -> None:
    """A moment within the span at hand."""
    if _recorder and _recorder.is_recording():
        _recorder.note(name, attributes)


def tell(name: str = "", failed: bool = False, **attributes: str | int) -> None:
    """Completes the span at hand by what was not known when it began."""
    if _recorder and _recorder.is_recording():
        _recorder.tell(name, failed, attributes)
