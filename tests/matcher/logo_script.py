"""A reader of logos that does what the bytes say."""

from kit.faces.types import LogoReading


def read_logo_script(data: bytes) -> LogoReading | None:
    """A logo of the words that the bytes end with; some of them are none, or kill their process."""
    words = data.rpartition(b"|")[2]
    if words == b"deadly":
        return None
    return LogoReading(reason="unreadable") if words == b"damaged" else LogoReading(None, b"PNG of " + words, 480, 90)
