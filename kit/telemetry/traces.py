"""Traces: spans of requests, calls, statements and jobs, sent to a collector if one is configured.

A request is one trace, through all services that it calls. Background work on a photo or selfie happens later, perhaps
several times, in another process: it forms a separate trace whose id is that of the photo or selfie, and the request
links to it. So rows and messages carry no trace context, and the trace of a late photo is found by its id, without
dashes.

Spans name routes, rpcs and statements with placeholders, never values: see `kit.telemetry.logs` for what must stay out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from kit.settings import TraceSettings  # which writes logs, and logs contain the trace id
    from kit.telemetry.spans import Recorder

_recorder: Recorder | None = None


def start(process: str, settings: TraceSettings) -> None:
    """Starts sending spans if a collector is configured. Otherwise everything in this module does nothing."""
    global _recorder
    if settings.otel_exporter_otlp_endpoint:
        # Imported here: a process without traces does not load OpenTelemetry's SDK (FastAPI loads its API anyway).
        from kit.telemetry.spans import Recorder

        _recorder = Recorder.connect(process, settings)


def trace_id() -> str:
    """The id of the current trace, 32 hexadecimal digits; empty without a trace."""
    return _recorder.trace_id() if _recorder else ""


def headers() -> list[tuple[str, str]]:
    """The metadata of a call with which the called service continues the trace."""
    return _recorder.headers() if _recorder else []


def serve(name: str, headers: Mapping[str, str]) -> AbstractContextManager[None]:
    """The span of an incoming request; a `traceparent` header makes it part of the caller's trace."""
    return _recorder.serve(name, headers) if _recorder else nullcontext()


def call(name: str, subjects: Iterable[UUID] = ()) -> AbstractContextManager[None]:
    """The span of a call to another service, linked to the traces of its subjects."""
    return _recorder.call(name, subjects) if _recorder else nullcontext()


def step(name: str, **attributes: str) -> AbstractContextManager[None]:
    """A span within the current trace; does nothing outside of a trace."""
    return _recorder.step(name, attributes) if _recorder and _recorder.is_recording() else nullcontext()


def work(name: str, subject: UUID) -> AbstractContextManager[None]:
    """The span of work on a photo or selfie, in the trace of its id, linked to the current span."""
    return _recorder.work(name, subject) if _recorder else nullcontext()


def lead_to(subject: UUID) -> None:
    """Links the current request to the later work on this photo or selfie."""
    if _recorder:
        _recorder.lead_to(subject)


def note(name: str, **attributes: str) -> None:
    """Adds an event to the current span."""
    if _recorder and _recorder.is_recording():
        _recorder.note(name, attributes)


def annotate(name: str = "", failed: bool = False, **attributes: str | int) -> None:
    """Adds attributes to the current span."""
    if _recorder and _recorder.is_recording():
        _recorder.annotate(name, failed, attributes)
