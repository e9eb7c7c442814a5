"""The settings of an event for its guests: release of the photos, credit, downloads and retention."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

MAX_CREDIT_LENGTH = 100
MAX_URL_LENGTH = 500
MAX_KEEP_DAYS = 3650
RETENTION_DAYS = 30  # after its end: the default for new events
LIFE_DAYS = 365  # the default lifetime of new events
NOTICE_DAYS = 30  # the minimum from the last change of the end or of `keep_days` until an event is hidden
HIDDEN_DAYS = 7  # from then until it is deleted


class Download(Enum):
    """Which size guests may download; the values are stored."""

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
    """The offer of a new event. `keep_days` counts from the end of the event; 0 means the server's default or, with
    `is_kept`, until an organiser deletes the event."""

    held: bool = False
    releases_at: datetime | None = None
    credit: Credit = Credit()
    download: Download = Download.ORIGINAL
    keep_days: int = 0
    is_kept: bool = False


@dataclass(frozen=True)
class OfferEdit:
    """Changes to an offer. None leaves a field unchanged; `no_release_day` removes the release time."""

    held: bool | None = None
    releases_at: datetime | None = None
    no_release_day: bool = False
    credit: Credit | None = None
    download: Download | None = None
    keep_days: int | None = None


@dataclass(frozen=True)
class Offer:
    """The current offer of an event, by the database's clock. `releases_at` is None unless `held`; `hides_at` and
    `deletes_at` are None if the event is kept."""

    held: bool
    releases_at: datetime | None
    credit: Credit
    download: Download
    keep_days: int
    hides_at: datetime | None
    deletes_at: datetime | None
    hidden: bool
