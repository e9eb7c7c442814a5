"""Accounts, events, memberships, changes and tokens, and how long the latter hold."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from uuid import UUID

from auth_service.offers import Download, NewOffer, Offer, OfferEdit

ACCESS_TOKEN_S = 15 * 60
REPEAT_S = 600  # how long a request id signs in to the guest that it made
OWN_LINK_S = 600
GUEST_LINK_S = 24 * 3600  # made by an organiser, who sends it
RESET_LINK_S = 24 * 3600  # made by an operator
REFRESH_TOKEN_S = 180 * 24 * 3600  # since its last use
SESSION_DAYS = 90
GUEST_SESSION_DAYS = 365
MAX_DEVICE_LENGTH = 64
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
    CONSENT_WITHDRAWN = "consent_withdrawn"


class Recorded(Enum):
    """Acts in the audit log; the values are stored and shown."""

    ROLE_CHANGED = "role_changed"
    GUEST_REMOVED = "guest_removed"
    GUEST_ADMITTED = "guest_admitted"
    CODE_CHANGED = "code_changed"
    INVITATION_MADE = "invitation_made"
    LINK_MADE = "sign_in_link_made"
    EVENT_DELETED = "event_deleted"
    ACCOUNT_ERASED = "account_erased"
    CONSENT_WITHDRAWN = "consent_withdrawn"


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


class RequireConsent(Enum):
    """Who is searched only with a consent. GUESTS: accounts without a password."""

    GUESTS = "guests"
    EVERYONE = "everyone"
    NOBODY = "nobody"


@dataclass(frozen=True)
class GivenConsent:
    """What somebody agrees to: a version of the text about faces, in a language. An empty version: they do not."""

    version: str = ""
    language: str = ""


NO_CONSENT = GivenConsent()


@dataclass(frozen=True)
class Consent:
    """That a member agreed to a version of the text about faces. `language` is that of the text, empty where the client
    did not say."""

    event_id: UUID
    version: str
    language: str
    given_at: datetime
    withdrawn_at: datetime | None


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
class RemovedGuest:
    """Somebody who was removed from an event and stays out."""

    user_id: UUID
    username: str | None
    display_name: str
    removed_at: datetime


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
class NewSession:
    """A session that begins: its id, the hash of its first refresh token, and a coarse description of the device."""

    id: UUID
    refresh_hash: bytes
    device: str = ""


@dataclass(frozen=True)
class Session:
    """A session as its user sees it."""

    id: UUID
    began_at: datetime
    used_at: datetime
    device: str


@dataclass(frozen=True)
class Lifetimes:
    """How long a session lasts at most, however much it is used: of an account with a password, which may log in again,
    and of a guest without one, whose session is the account."""

    days: int = SESSION_DAYS
    guest_days: int = GUEST_SESSION_DAYS


@dataclass(frozen=True)
class Ended:
    """A session that ended; `session_id` is None where all of an erased user did."""

    user_id: UUID
    session_id: UUID | None


@dataclass(frozen=True)
class Login:
    """Who logged in, the event joined last, the tokens, and whether they wait to be admitted to that event."""

    user_id: UUID
    event_id: UUID | None
    tokens: Tokens
    waiting: bool = False


@dataclass(frozen=True)
class NewEvent:
    """What an organiser decides of a new event. Without `expires_at` it ends after a year, or, if it is
    `without_end`, never."""

    name: str
    starts_at: datetime | None
    expires_at: datetime | None
    admission: bool
    offer: NewOffer
    guest_photos: GuestPhotos
    without_end: bool = False


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
