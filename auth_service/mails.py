"""E-mails: which there are, and what becomes of one."""

import hashlib
from dataclasses import dataclass
from enum import Enum
from uuid import UUID

LANGUAGES = ("en", "fr")
LINK_S = 3600  # how long the link of an e-mail signs in, once
MAX_ACCOUNTS = 5  # with one address, that get a link at once
MAX_LINKS_PER_HOUR = 5  # of one account


class MailKind(Enum):
    """What an e-mail is about; the values are stored."""

    FIRST_PHOTOS = "first_photos"
    SIGN_IN = "sign_in"


# After this time an e-mail that could not be sent is given up.
GIVE_UP_S = {MailKind.FIRST_PHOTOS: 24 * 3600, MailKind.SIGN_IN: 3600}


@dataclass(frozen=True)
class Notice:
    """The address that a member leaves for an event."""

    event_id: UUID
    user_id: UUID
    email: str
    language: str


@dataclass(frozen=True)
class MailJob:
    """An e-mail that a mailer has claimed; `attempt` fences what it writes."""

    id: UUID
    kind: MailKind
    attempt: int


@dataclass(frozen=True)
class Letter:
    """What to send. `token`: unsubscribes, or signs in; `organiser`: whether the account may create events."""

    id: UUID
    kind: MailKind
    to: str
    language: str
    token: str
    event_id: UUID | None
    event_name: str
    organiser: bool


def hash_address(event_id: UUID, email_key: str) -> bytes:
    """What is kept of an address that wants nothing more about an event."""
    return hashlib.sha256(event_id.bytes + email_key.encode()).digest()
