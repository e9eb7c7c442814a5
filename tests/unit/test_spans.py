"""Spans record the class of a fault without its message."""

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from kit.telemetry.spans import Recorder


def fail_within(recorder: Recorder) -> None:
    with recorder.step("step", {}):
        raise RuntimeError("hunter2")


def test_a_fault_is_recorded_by_class_without_its_message() -> None:
    kept = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    with pytest.raises(RuntimeError):
        fail_within(Recorder(provider.get_tracer("test")))
    (span,) = kept.get_finished_spans()
    assert (span.status.is_ok, span.status.description, span.events) == (False, "RuntimeError", ())
