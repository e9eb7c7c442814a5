"""What an event offers its guests: photos from the release on, the photographer's name, downloads, and for how long."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

MAX_CREDIT_LENGTH = 100
MAX_URL_LENGTH = 500
MAX_KEEP_DAYS = 3650
RETENTION_DAYS = 30  # after its end, of a new event whose organiser says nothing else
LIFE_DAYS = 365  # of a new event whose organiser does not say when it ends
NOTICE_DAYS = 30  # from the last change of the end or of `keep_days` until an event is hidden, at least
HIDDEN_DAYS = 7  # from then until it is deleted


class Download(Enum):
    """Which picture guests may download; the values are stored."""

    ORIGINAL = "original"
    PREVIEW = "preview"
    NONE = "none"


@dataclass(frozen=True)
class Credit:
    """Who took the photos; `url` is an https address or empty."""

    name: str = ""
    url: str = ""


@dataclass(frozen=True)
class NewOffer:
    """What an organiser decides. `keep_days` counts from the end of the event; 0: as long as new events are kept here
    or, where it `is_kept`, until an organiser deletes it."""

    held: bool = False
    releases_at: datetime | None = None
    credit: Credit = Credit()
    download: Download = Download.ORIGINAL
    keep_days: int = 0
    is_kept: bool = False


@dataclass(frozen=True)
class OfferEdit:
    """What to change of it; None leaves a field as it is, `no_release_day` removes the day."""

    held: bool | None = None
    releases_at: datetime | None = None
    no_release_day: bool = False
    credit: Credit | None = None
    download: Download | None = None
    keep_days: int | None = None


@dataclass(frozen=True)
class Offer:
    """What an event offers now, by the database's clock. `releases_at` is None unless it is `held`; `hides_at` and
    `deletes_at` are None where it is kept."""

    held: bool
    releases_at: datetime | None
    credit: Credit
    download: Download
    keep_days: int
    hides_at: datetime | None
    deletes_at: datetime | None
    hidden: bool
