"""The logo of an event."""

from dataclasses import dataclass

from kit.errors import InvalidInput, NotFound

MAX_LOGO_BYTES = 1_000_000


@dataclass(frozen=True)
class Logo:
    """A PNG in the file `key`; `version` changes with its bytes."""

    key: str
    version: str
    width: int
    height: int


class LogoNotFound(NotFound):
    """This event has no logo."""


class UnreadableLogo(InvalidInput):
    """This picture cannot be read: it is damaged, or a side is too short or too long."""


class LogoTooLarge(InvalidInput):
    """A logo has at most 1 MB."""

    reason = "TOO_LARGE"


class LogoUnsupported(InvalidInput):
    """Supported formats of a logo: JPEG, PNG and WebP."""

    reason = "UNSUPPORTED_TYPE"
