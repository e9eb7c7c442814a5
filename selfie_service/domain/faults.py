"""What selfie_service refuses; each docstring is the sentence that the caller reads."""

from kit.errors import Exhausted, InvalidInput, NotAllowed, NotFound, Precondition


class EmptyImage(InvalidInput):
    """The file is empty."""


class TooLarge(InvalidInput):
    """The selfie is larger than the limit, MAX_SELFIE_MB."""


class UnsupportedType(InvalidInput):
    """Supported formats: JPEG, PNG, WebP, HEIC and AVIF."""


class EventClosed(Precondition):
    """Your event is closed: it takes no more selfies."""


class IdempotencyKeyReused(InvalidInput):
    """This request id was used before, with another image."""


class RequestInProgress(Precondition):
    """The same request is still being worked on: repeat it in a moment for its answer."""


class QueueFull(Exhausted):
    """Too many selfies are waiting to be looked at; try again shortly."""


class NoActiveSelfie(Precondition):
    """You have no valid selfie: upload one first."""


class SelfieNotFound(NotFound):
    """You have no selfie."""

    reason = NoActiveSelfie.reason


class UserNotFound(NotFound):
    """This account does not exist."""


class EventNotFound(NotFound):
    """There is no such event."""


class OrganiserOnly(NotAllowed):
    """Only organisers may do this."""
