"""E-mails: their kinds, limits and records."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from uuid import UUID

LANGUAGES = ("en", "fr")
LINK_S = 3600  # how long the single-use link in an e-mail is valid
MAX_ACCOUNTS = 5  # with the same address, to which links are sent at once
MAX_LINKS_PER_HOUR = 5  # per account


class MailKind(Enum):
    """The kind of an e-mail; the values are stored."""

    FIRST_PHOTOS = "first_photos"
    RELEASE = "release"
    SIGN_IN = "sign_in"
    RESET = "reset"
    EMAIL = "email"
    PASSWORD_CHANGED = "password_changed"
    EMAIL_CHANGED = "email_changed"
    DELETION_MONTH = "deletion_month"
    DELETION_WEEK = "deletion_week"


# How many days before an event is hidden from its guests its organisers receive an e-mail.
ANNOUNCED_DAYS: Mapping[MailKind, int] = {MailKind.DELETION_MONTH: 30, MailKind.DELETION_WEEK: 7}
DAY_S = 24 * 3600
# How long after its creation an undelivered e-mail is given up.
GIVE_UP_S: Mapping[MailKind, int] = {
    MailKind.FIRST_PHOTOS: DAY_S,
    MailKind.RELEASE: DAY_S,
    MailKind.SIGN_IN: 3600,
    MailKind.RESET: 3600,
    MailKind.EMAIL: 3600,
    MailKind.PASSWORD_CHANGED: 3 * DAY_S,
    MailKind.EMAIL_CHANGED: 3 * DAY_S,
    MailKind.DELETION_MONTH: 3 * DAY_S,
    MailKind.DELETION_WEEK: 3 * DAY_S,
}


@dataclass(frozen=True)
class Notice:
    """The notification address that a member left for an event."""

    event_id: UUID
    user_id: UUID
    email: str
    language: str


@dataclass(frozen=True)
class DueNotice:
    """A member with a notification address whose photos are to be counted. `settled`: the e-mail about the first photos
    was sent or is queued; `released`: the event was released, and the e-mail about it is still due."""

    user_id: UUID
    settled: bool
    released: bool


@dataclass(frozen=True)
class PhotoCounts:
    """The photos of an event: the count for each guest who is in any, those for everyone, and the total. `released`:
    whether guests see photos now."""

    of_each: Mapping[UUID, int] = field(default_factory=dict)
    for_everyone: int = 0
    total: int = 0
    released: bool = False


@dataclass(frozen=True)
class Announcement:
    """An organiser who is due an e-mail about the deletion of an event."""

    event_id: UUID
    user_id: UUID
    kind: MailKind


@dataclass(frozen=True)
class MailJob:
    """An e-mail claimed by a mailer; updates are fenced by `attempt`."""

    id: UUID
    kind: MailKind
    attempt: int


@dataclass(frozen=True)
class Letter:
    """The content of an e-mail. `language`: empty for all LANGUAGES; `token`: unsubscribes, signs in or changes
    credentials; `organiser`: whether the account may create events; `photo_count`: of the guest, or of the event that
    is hidden at `hides_at` and deleted at `deletes_at`."""

    id: UUID
    kind: MailKind
    to: str
    language: str
    token: str
    event_id: UUID | None
    event_name: str
    organiser: bool
    photo_count: int | None = None
    hides_at: datetime | None = None
    deletes_at: datetime | None = None

    @property
    def languages(self) -> tuple[str, ...]:
        return (self.language,) if self.language else LANGUAGES


def hash_address(event_id: UUID, email_key: str) -> bytes:
    """The hash that is stored instead of an address which unsubscribed from an event."""
    return hashlib.sha256(event_id.bytes + email_key.encode()).digest()
