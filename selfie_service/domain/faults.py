"""Errors of SelfieService; the docstring of each is its message to users."""

from kit.errors import Exhausted, InvalidInput, NotAllowed, NotFound, Precondition


class EmptyImage(InvalidInput):
    """The file is empty."""


class TooLarge(InvalidInput):
    """The selfie is larger than the limit, MAX_SELFIE_MB."""


class UnsupportedType(InvalidInput):
    """Supported formats: JPEG, PNG, WebP, HEIC and AVIF."""


class EventClosed(Precondition):
    """Your event is closed: it accepts no more selfies."""


class IdempotencyKeyReused(InvalidInput):
    """This request id was already used with another image."""


class RequestInProgress(Precondition):
    """The same request is still in progress: repeat it in a moment to get its response."""


class QueueFull(Exhausted):
    """Too many selfies are waiting for a verdict: try again shortly."""


class NoActiveSelfie(Precondition):
    """You have no valid selfie: upload one first."""


class SelfieNotFound(NotFound):
    """You have no selfie."""

    reason = NoActiveSelfie.reason


class UserNotFound(NotFound):
    """This account does not exist."""


class EventNotFound(NotFound):
    """Event not found."""


class OrganiserOnly(NotAllowed):
    """Only organisers may do this."""
