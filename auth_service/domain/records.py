"""What auth_service is about: accounts, events, memberships, changes; their rules and faults."""

import re
import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from uuid import UUID

from auth_service.offers import Download, Offer, OfferEdit
from kit.errors import InvalidInput, NotAllowed, NotFound, Precondition, Unauthenticated, Violation

CODE_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32
CODE_LENGTH = 8
CODE_TRIES = 5
CODE_LOOKALIKES = str.maketrans({"O": "0", "I": "1", "L": "1"})
# Unicode categories of what separates the groups of a code as people copy it, and two signs of other categories which
# stand for a dash (the minus sign, the middle dot). NFKC has turned full-width and non-breaking forms into plain ones.
CODE_SEPARATORS = ("Pd", "Zs", "Zl", "Zp", "Cf", "Mn")  # Mn: the dot of a Turkish capital I, variation selectors
CODE_MARKS = "\u2212\u00b7\u30fc\u2043"  # also the long vowel of Japanese keyboards, and the hyphen bullet
MAX_CODE_LENGTH = 64

UNKNOWN = "\ufffd"  # in no code, name or address; stands for NUL, which PostgreSQL takes in no text

SPELLINGS = str.maketrans({"\u2019": "'", "\u2018": "'", "\u02bc": "'", "\u2010": "-", "\u2011": "-"})
# Default_Ignorable_Code_Point (DerivedCoreProperties.txt) outside the category Cf.
IGNORABLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")

ACCESS_TOKEN_S = 15 * 60
REPEAT_S = 600  # how long a request id signs in to the guest that it made
OWN_LINK_S = 600
GUEST_LINK_S = 24 * 3600  # made by an organiser, who sends it
REFRESH_TOKEN_S = 180 * 24 * 3600  # since its last use
REUSE_GRACE_S = 10

MAX_NAME_LENGTH = 200
MAX_PASSWORD_LENGTH = 256


class Role(Enum):
    """What a member may do; the values are stored."""

    GUEST = "guest"
    ORGANISER = "organiser"
    COUPLE = "couple"
    PHOTOGRAPHER = "photographer"


class GuestPhotos(Enum):
    """Whether guests may add photos; MODERATED: an organiser approves each one. The values are stored."""

    OFF = "off"
    MODERATED = "moderated"
    OPEN = "open"


class ChangeKind(Enum):
    """What happened; the values are stored."""

    JOINED = "joined"
    LEFT = "left"
    USER_ERASED = "user_erased"
    EVENT_UPDATED = "event_updated"
    EVENT_DELETED = "event_deleted"
    WAITING = "waiting"


@dataclass(frozen=True)
class User:
    """An account. `username` and `email` as typed (NFC); unique in the form in which `fold` compares them. A guest may
    have none of them and no password, and perhaps a `display_name`."""

    id: UUID
    username: str | None
    email: str | None
    password_hash: str | None
    organiser: bool
    created_at: datetime
    display_name: str


@dataclass(frozen=True)
class Event:
    """An event. `shut`: closed by hand or expired, by the database's clock; `admission`: who joins waits; `role`: of
    whom it is shown to; `waiting_count`: how many wait, None where nobody asked."""

    id: UUID
    name: str
    code: str
    starts_at: datetime | None
    expires_at: datetime | None
    closed: bool
    shut: bool
    guest_count: int
    created_at: datetime
    admission: bool
    offer: Offer
    guest_photos: GuestPhotos
    role: Role = field(default=Role.GUEST, kw_only=True)
    waiting_count: int | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class Membership:
    """A membership as the member sees it."""

    event_id: UUID
    event_name: str
    role: Role
    shut: bool
    joined_at: datetime
    code: str
    expires_at: datetime | None
    organisers: tuple[str, ...]
    consent_version: str
    waiting: bool
    offer: Offer
    guest_photos: GuestPhotos
    searched: bool
    notice_email: str = ""


@dataclass(frozen=True)
class Guest:
    """A membership as an organiser sees it."""

    user_id: UUID
    username: str | None
    display_name: str
    role: Role
    joined_at: datetime
    waiting: bool


@dataclass(frozen=True)
class Change:
    """An entry of the change feed; `kind` says which fields are set."""

    sequence: int
    kind: ChangeKind
    event_id: UUID | None
    user_id: UUID | None
    role: Role | None
    name: str | None
    closed: bool | None
    expires_at: datetime | None
    created_at: datetime
    held: bool | None = None
    releases_at: datetime | None = None
    download: Download | None = None
    guest_photos: GuestPhotos | None = None
    without_search: bool = False
    last_membership: bool = False


@dataclass(frozen=True)
class Tokens:
    """An access token and the refresh token that follows it."""

    access_token: str
    refresh_token: str


@dataclass(frozen=True)
class Login:
    """Who logged in, the event joined last, the tokens, and whether they wait to be admitted to that event."""

    user_id: UUID
    event_id: UUID | None
    tokens: Tokens
    waiting: bool = False


@dataclass(frozen=True)
class EventEdit:
    """What to change of an event; None leaves a field as it is, `no_start` and `no_end` remove a time."""

    name: str | None = None
    starts_at: datetime | None = None
    expires_at: datetime | None = None
    closed: bool | None = None
    admission: bool | None = None
    new_code: bool = False
    no_start: bool = False
    no_end: bool = False
    offer: OfferEdit = field(default_factory=OfferEdit)
    guest_photos: GuestPhotos | None = None


class InvalidEventCode(NotFound):
    """There is no event with this code: check it with your host."""


class EventClosed(Precondition):
    """This event is closed."""


class InvalidCredentials(Unauthenticated):
    """The user name or the password is wrong."""


class InvalidSignInLink(Unauthenticated):
    """This link has expired or was used before: make another one."""


class InvalidRefreshToken(Unauthenticated):
    """This session has ended: log in again."""


class IdempotencyKeyReused(InvalidInput):
    """This request id was used before, by another request or too long ago."""


class CredentialsSet(Precondition):
    """This account has a user name and a password already."""


class GuestOfOthers(Precondition):
    """This guest is also in an event that you do not organise: only they can make a link."""


class UserNotFound(NotFound):
    """This account does not exist."""


class EventNotFound(NotFound):
    """There is no such event."""


class OrganiserOnly(NotAllowed):
    """Only organisers may do this."""


class RemovedFromEvent(NotAllowed):
    """The organiser has removed you from this event: only they can let you in again."""


class OrganiserCannotLeave(Precondition):
    """The last organiser cannot leave the event: delete it instead."""


class MailNotOffered(NotFound):
    """This server sends no e-mail."""


class InvalidForm(InvalidInput):
    """Some fields need your attention."""

    def __init__(self, violations: Sequence[Violation]) -> None:
        super().__init__(violations=violations)


class NoFreeCode(Exception):
    """Each code that was drawn was in use."""


def new_code() -> str:
    """40 random bits."""
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))


def normalise_code(typed: str) -> str:
    """A code in any typographic form: case, separators, full-width letters and look-alikes do not matter."""
    plain = unicodedata.normalize("NFKD", typed[: 2 * MAX_CODE_LENGTH]).replace("\0", UNKNOWN)
    letters = (letter for letter in plain if not _separates(letter))
    return "".join(letters).upper().translate(CODE_LOOKALIKES)[:MAX_CODE_LENGTH]


def show_code(code: str) -> str:
    """Two groups of four."""
    return f"{code[:4]}-{code[4:]}"


def to_display(typed: str) -> str:
    """A name as it is stored and shown: composed (NFC), without spaces at its ends, with single ones inside."""
    return " ".join(unicodedata.normalize("NFC", typed).split())


def fold(typed: str) -> str:
    """The form in which user names and e-mail addresses are compared: compatibility forms, case, invisible characters
    and the apostrophes and hyphens of phones do not matter (NFKC_Casefold, The Unicode Standard, section 3.13)."""
    folded = " ".join(_fold_once(typed).split())
    while (again := " ".join(_fold_once(folded).split())) != folded:
        folded = again
    return folded.replace("\0", UNKNOWN)


def fold_case(typed: str) -> str:
    """The form in which version 0001 compared names; the one of two accounts that became equal still has it."""
    return typed.strip().casefold().replace("\0", UNKNOWN)


def _fold_once(text: str) -> str:
    visible = "".join(letter for letter in text if not is_ignorable(letter))
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", visible).casefold()).translate(SPELLINGS)


def is_ignorable(letter: str) -> bool:
    """Whether it cannot be seen by itself: joiners, marks of direction, fillers of Hangul, variation selectors."""
    return unicodedata.category(letter) == "Cf" or IGNORABLE.match(letter) is not None


def _separates(letter: str) -> bool:
    return letter.isspace() or letter in CODE_MARKS or unicodedata.category(letter) in CODE_SEPARATORS
