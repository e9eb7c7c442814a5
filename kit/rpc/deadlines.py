"""The deadline of the current request, which limits the calls that it makes."""

import time
from contextvars import ContextVar

_ends_at: ContextVar[float | None] = ContextVar("ends_at", default=None)


def enter(remaining_s: float | None) -> None:
    """Sets the deadline of a request; the caller may have none (None, or gRPC's 9e18)."""
    _ends_at.set(time.monotonic() + remaining_s if remaining_s is not None and remaining_s < 1e9 else None)


def remaining_s(at_most: float) -> float:
    """The remaining time, at most `at_most`."""
    ends_at = _ends_at.get()
    return at_most if ends_at is None else max(0.0, min(at_most, ends_at - time.monotonic()))
