"""Records and sends spans with OpenTelemetry; `kit.telemetry.traces` explains their purpose."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import UUID

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio
from opentelemetry.trace import Link, SpanContext, SpanKind, StatusCode, TraceFlags
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from kit.settings import TraceSettings

EXPORT_TIMEOUT_S = 2
LOW_HALF = (1 << 64) - 1

_subject: ContextVar[UUID | None] = ContextVar("subject", default=None)


class Recorder:
    """Begins spans in the current context."""

    def __init__(self, tracer: trace.Tracer) -> None:
        self._tracer = tracer
        self._propagator = TraceContextTextMapPropagator()

    @classmethod
    def connect(cls, process: str, settings: TraceSettings) -> "Recorder":
        """Sends spans in the background, and drops them while the collector is unavailable."""
        logging.getLogger("opentelemetry").setLevel(logging.ERROR)  # otherwise it logs every retry
        provider = TracerProvider(
            sampler=ParentBasedTraceIdRatio(settings.otel_traces_sampler_arg),
            resource=Resource.create({SERVICE_NAME: process}),
            id_generator=_IdGenerator(),
        )
        endpoint = f"{settings.otel_exporter_otlp_endpoint.rstrip('/')}/v1/traces"
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint, timeout=EXPORT_TIMEOUT_S)))
        return cls(provider.get_tracer("minois"))

    def is_recording(self) -> bool:
        return trace.get_current_span().is_recording()

    def trace_id(self) -> str:
        context = trace.get_current_span().get_span_context()
        return trace.format_trace_id(context.trace_id) if context.is_valid else ""

    def headers(self) -> list[tuple[str, str]]:
        carrier: dict[str, str] = {}
        self._propagator.inject(carrier)
        return list(carrier.items())

    @contextmanager
    def serve(self, name: str, headers: Mapping[str, str]) -> Iterator[None]:
        parent = self._propagator.extract(headers, Context())
        with _current(self._tracer.start_span(name, parent, SpanKind.SERVER)):
            yield

    @contextmanager
    def call(self, name: str, subjects: Iterable[UUID]) -> Iterator[None]:
        links = [Link(_name_trace_of(subject)) for subject in subjects]
        with _current(self._tracer.start_span(name, kind=SpanKind.CLIENT, links=links)):
            yield

    @contextmanager
    def step(self, name: str, attributes: Mapping[str, str]) -> Iterator[None]:
        with _current(self._tracer.start_span(name, attributes=attributes)):
            yield

    @contextmanager
    def work(self, name: str, subject: UUID) -> Iterator[None]:
        context = trace.get_current_span().get_span_context()
        links = [Link(context)] if context.is_valid else []
        token = _subject.set(subject)
        try:
            span = self._tracer.start_span(name, Context(), SpanKind.CONSUMER, links=links)
        finally:
            _subject.reset(token)
        with _current(span):
            yield

    def lead_to(self, subject: UUID) -> None:
        trace.get_current_span().add_link(_name_trace_of(subject))

    def note(self, name: str, attributes: Mapping[str, str]) -> None:
        trace.get_current_span().add_event(name, attributes)

    def tell(self, name: str, failed: bool, attributes: Mapping[str, str | int]) -> None:
        span = trace.get_current_span()
        if name:
            span.update_name(name)
        if failed:
            span.set_status(StatusCode.ERROR)
        span.set_attributes(attributes)


@contextmanager
def _current(span: trace.Span) -> Iterator[None]:
    """Records only the class of an exception: its message may contain personal data."""
    with trace.use_span(span, end_on_exit=True, record_exception=False, set_status_on_exception=False):
        try:
            yield
        except Exception as error:
            span.set_status(StatusCode.ERROR, type(error).__name__)
            raise


class _IdGenerator(RandomIdGenerator):
    """Uses the id of a photo or selfie as the id of the trace that begins with work on it."""

    def generate_trace_id(self) -> int:
        subject = _subject.get()
        return subject.int if subject else super().generate_trace_id()


def _name_trace_of(subject: UUID) -> SpanContext:
    """Creates the span id that a link requires though no span exists yet; the trace id is what counts."""
    return SpanContext(subject.int, subject.int & LOW_HALF, is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED))
