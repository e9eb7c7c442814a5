"""When a photo was taken: parses the texts of cameras and editors into an instant and its time zone."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated

from msgspec import Meta

MAX_OFFSET_MIN = 14 * 60  # Kiribati; the other end is -12 h
FIRST_YEAR = 1826  # of the oldest photograph that survives
MAX_TEXT = 64

_TIME = re.compile(
    r"(\d{4})[:/.-](\d{1,2})[:/.-](\d{1,2})"
    r"(?:[ T]+(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:[.,](\d{1,9}))?)?[ ]*(Z|UTC|[+-]\d{1,2}:?\d{2})?)?",
    re.ASCII,
)
_OFFSET = re.compile(r"([+-])(\d{1,2}):?(\d{2})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Taken:
    """An `instant` (UTC) and the camera's zone in minutes east of UTC.

    A camera's clock without a zone is interpreted as UTC. `has_clock`: the text has a time, not only a date.
    """

    instant: Annotated[datetime, Meta(tz=True)]
    offset_min: Annotated[int, Meta(ge=-MAX_OFFSET_MIN, le=MAX_OFFSET_MIN)] | None = None
    has_clock: bool = True

    @property
    def local(self) -> datetime:
        """The time that the camera's clock showed, without a zone."""
        return (self.instant + timedelta(minutes=self.offset_min or 0)).replace(tzinfo=None)


def parse_time(text: str, offset: str = "", fraction: str = "") -> Taken | None:
    """The time in a text of EXIF (`2026:06:20 19:00:00`) or XMP (ISO 8601); None if the text is not a time.

    `offset` and `fraction` come from EXIF's separate tags; those in the text take precedence. Second 60 is the next
    minute and hour 24 the next day (ISO 8601). Zeros, year 1 and the like come from clocks that were never set.
    """
    match = _TIME.fullmatch(text[:MAX_TEXT].strip("\0 \t\r\n"))
    if match is None:
        return None
    year, month, day = (int(part) for part in match.group(1, 2, 3))
    hour, minute, second = (int(part or 0) for part in match.group(4, 5, 6))
    if year < FIRST_YEAR or hour > 24 or minute > 59 or second > 60:
        return None
    digits = match[7] or _fraction(fraction)
    clock = timedelta(hours=hour, minutes=minute, seconds=second, microseconds=int(digits[:6].ljust(6, "0")))
    offset_min = _offset_min(match[8] or offset)
    try:
        local = datetime(year, month, day, tzinfo=UTC) + clock
        return Taken(local - timedelta(minutes=offset_min or 0), offset_min, match[4] is not None)
    except (ValueError, OverflowError):
        return None


def choose_time(candidates: Sequence[Taken | None]) -> Taken | None:
    """The first candidate with a clock, else the first; its zone may come from another one with the same clock time.

    Some cameras write their zone only for the time when the file was written, and editors only into XMP.
    """
    found = [taken for taken in candidates if taken is not None]
    best = next((taken for taken in found if taken.has_clock), found[0] if found else None)
    if best is None or best.offset_min is not None:
        return best
    second = best.local.replace(microsecond=0)
    for other in found:
        if other.offset_min is not None and other.local.replace(microsecond=0) == second:
            return Taken(best.instant - timedelta(minutes=other.offset_min), other.offset_min, best.has_clock)
    return best


def _fraction(text: str) -> str:
    digits = text.strip("\0 ")
    return digits[:6] if digits.isascii() and digits.isdigit() else ""


def _offset_min(text: str) -> int | None:
    text = text.strip("\0 ")
    if text in ("Z", "UTC"):
        return 0
    match = _OFFSET.fullmatch(text)
    if match is None or int(match[3]) > 59:
        return None
    minutes = int(match[2]) * 60 + int(match[3])
    if minutes > MAX_OFFSET_MIN:
        return None
    return -minutes if match[1] == "-" else minutes
