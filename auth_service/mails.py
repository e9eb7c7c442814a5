"""E-mails: which there are, and what becomes of one."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from uuid import UUID

LANGUAGES = ("en", "fr")
LINK_S = 3600  # how long the link of an e-mail holds, once
MAX_ACCOUNTS = 5  # with one address, that get a link at once
MAX_LINKS_PER_HOUR = 5  # of one account


class MailKind(Enum):
    """What an e-mail is about; the values are stored."""

    FIRST_PHOTOS = "first_photos"
    RELEASE = "release"
    SIGN_IN = "sign_in"
    RESET = "reset"
    EMAIL = "email"
    PASSWORD_CHANGED = "password_changed"
    EMAIL_CHANGED = "email_changed"
    DELETION_MONTH = "deletion_month"
    DELETION_WEEK = "deletion_week"


# How many days before an event is hidden from its guests its organisers are told.
ANNOUNCED_DAYS: Mapping[MailKind, int] = {MailKind.DELETION_MONTH: 30, MailKind.DELETION_WEEK: 7}
DAY_S = 24 * 3600
# After this time an e-mail that could not be sent is given up.
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
    """The address that a member leaves for an event."""

    event_id: UUID
    user_id: UUID
    email: str
    language: str


@dataclass(frozen=True)
class DueNotice:
    """A member with an address whose photos are to be counted. `settled`: an e-mail about the first ones was sent or is
    under way; `released`: the event was released, and no e-mail says so yet."""

    user_id: UUID
    settled: bool
    released: bool


@dataclass(frozen=True)
class PhotoCounts:
    """What there is in an event: photos of each guest who is in any, for everyone, and all; `released`: whether guests
    see photos now."""

    of_each: Mapping[UUID, int] = field(default_factory=dict)
    for_everyone: int = 0
    total: int = 0
    released: bool = False


@dataclass(frozen=True)
class Announcement:
    """Of whom an e-mail is due that an event is going to be deleted."""

    event_id: UUID
    user_id: UUID
    kind: MailKind


@dataclass(frozen=True)
class MailJob:
    """An e-mail that a mailer has claimed; `attempt` fences what it writes."""

    id: UUID
    kind: MailKind
    attempt: int


@dataclass(frozen=True)
class Letter:
    """What to send. `language`: empty for all of LANGUAGES; `token`: unsubscribes, signs in or changes credentials;
    `organiser`: whether the account may create events; `photo_count`: of the guest, or of an event that is hidden and
    deleted at these times."""

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
    """What is kept of an address that wants nothing more about an event."""
    return hashlib.sha256(event_id.bytes + email_key.encode()).digest()
