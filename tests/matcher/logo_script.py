"""A logo reader scripted by the bytes it reads."""

from kit.faces.types import LogoReading


def read_logo_script(data: bytes) -> LogoReading | None:
    """Returns a logo made of the trailing words of the bytes; certain words are rejected or kill the process."""
    words = data.rpartition(b"|")[2]
    if words == b"deadly":
        return None
    return LogoReading(reason="unreadable") if words == b"damaged" else LogoReading(None, b"PNG of " + words, 480, 90)
