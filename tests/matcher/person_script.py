"""Photos of one person for searches, and a reader that is scripted by their bytes."""

from typing import get_args

from kit.faces.validation import Examination, Reason
from tests.matcher.scripted_photos import JPEG
from tests.unit.matching_rules import encode

STEP = 0.07  # as in `looks`, which imports the world that imports this
DEADLY = b"deadly"


def picture(place: int) -> bytes:
    """A photo of the person at a position, as in `looks`."""
    return JPEG + f"|{place}".encode()


PERSON = picture(1)


def rejected(reason: str) -> bytes:
    """A photo that is rejected for this reason, or that kills the process for DEADLY."""
    return JPEG + f"|{reason}".encode()


def examine_script(data: bytes) -> Examination | None:
    words = data.rpartition(b"|")[2].decode(errors="replace")
    if words == DEADLY.decode():
        return None
    if words.isdecimal():
        return Examination(None, encode((int(words) * STEP,)))
    return Examination(words if words in get_args(Reason) else "unreadable")  # type: ignore[arg-type]
