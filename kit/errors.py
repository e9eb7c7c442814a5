"""Kinds of faults, independent of gRPC and HTTP.

A fault of a service is a subclass with a docstring: the class name is its stable reason (`EventClosed` is sent as
`EVENT_CLOSED`), the docstring is the message for the caller.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Violation:
    """One invalid field of a form."""

    field: str
    reason: str
    message: str


class Fault(Exception):
    """A fault that the caller can understand and act on."""

    reason: ClassVar[str] = "FAULT"

    def __init_subclass__(cls) -> None:
        if "reason" not in vars(cls):  # set where two kinds of fault share a reason
            cls.reason = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).upper()

    def __init__(self, *, metadata: Mapping[str, str] | None = None, violations: Sequence[Violation] = ()) -> None:
        super().__init__(self.message)
        self.metadata = dict(metadata or {})
        self.violations = tuple(violations)

    @property
    def message(self) -> str:
        return " ".join((type(self).__doc__ or "").split())


class InvalidInput(Fault):
    """The request is malformed; sending it again will not help."""


class Unauthenticated(Fault):
    """Authentication required."""


class NotAllowed(Fault):
    """Permission denied."""


class NotFound(Fault):
    """Not found, or it belongs to another user."""


class Precondition(Fault):
    """The request is valid, but not in the current state."""


class Exhausted(Fault):
    """Too many requests at once; try again later."""


class Unavailable(Fault):
    """A dependency is currently unavailable; try again later."""


class InvalidArgument(InvalidInput):
    """An id is not a UUID, or a field is malformed."""


class InvalidToken(Unauthenticated):
    """The token is missing, malformed or expired: sign in again."""


class CallerNotAllowed(NotAllowed):
    """This kind of caller may not call this method."""


class InvalidPage(InvalidInput):
    """The page size is out of range, or the page token is not one of this list."""


class TooManyStreams(Exhausted):
    """The server holds as many streams as it can; try again shortly."""


class DatabaseUnavailable(Unavailable):
    """The database cannot be reached now; try again shortly."""


class ServiceUnavailable(Unavailable):
    """A service that is needed cannot be reached now; try again shortly."""
