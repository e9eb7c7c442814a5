"""Records of accounts, events, memberships, changes, sessions and tokens, and the lifetimes of the latter."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from uuid import UUID

from auth_service.offers import Download, NewOffer, Offer, OfferEdit

ACCESS_TOKEN_S = 15 * 60
REPEAT_S = 600  # how long a request id signs in to the guest account that it created
OWN_LINK_S = 600
GUEST_LINK_S = 24 * 3600  # created by an organiser for a guest
RESET_LINK_S = 24 * 3600  # created by an operator
REFRESH_TOKEN_S = 180 * 24 * 3600  # from its creation
SESSION_DAYS = 90
GUEST_SESSION_DAYS = 365
MAX_DEVICE_LENGTH = 64
REUSE_GRACE_S = 10

MAX_NAME_LENGTH = 200
MAX_PASSWORD_LENGTH = 256


class Role(Enum):
    """The role of a member; the values are stored."""

    GUEST = "guest"
    ORGANISER = "organiser"
    COUPLE = "couple"
    PHOTOGRAPHER = "photographer"


class GuestPhotos(Enum):
    """Whether guests may add photos. MODERATED: an organiser approves each one. The values are stored."""

    OFF = "off"
    MODERATED = "moderated"
    OPEN = "open"


class ChangeKind(Enum):
    """The kind of a change in the feed; the values are stored."""

    JOINED = "joined"
    LEFT = "left"
    USER_ERASED = "user_erased"
    EVENT_UPDATED = "event_updated"
    EVENT_DELETED = "event_deleted"
    WAITING = "waiting"
    CONSENT_WITHDRAWN = "consent_withdrawn"


class Recorded(Enum):
    """The actions in the audit log; the values are stored and shown."""

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
    """An account. `username` and `email` are as typed (NFC), and unique in the form that `fold` returns. A guest may
    have neither of them nor a password, but possibly a `display_name`."""

    id: UUID
    username: str | None
    email: str | None
    password_hash: str | None
    organiser: bool
    created_at: datetime
    display_name: str


@dataclass(frozen=True)
class Event:
    """An event. `closed`: by hand; `ended`: closed or expired, by the database's clock; `admission`: new guests
    wait; `role`: that of the viewer; `waiting_count`: the number of waiting guests, None if it was not counted."""

    id: UUID
    name: str
    code: str
    starts_at: datetime | None
    expires_at: datetime | None
    closed: bool
    ended: bool
    guest_count: int
    created_at: datetime
    admission: bool
    offer: Offer
    guest_photos: GuestPhotos
    role: Role = field(default=Role.GUEST, kw_only=True)
    waiting_count: int | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class Membership:
    """A membership, as the member sees it."""

    event_id: UUID
    event_name: str
    role: Role
    ended: bool
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
    """Who is searched only with a consent. GUESTS means accounts without a password."""

    GUESTS = "guests"
    EVERYONE = "everyone"
    NOBODY = "nobody"


@dataclass(frozen=True)
class GivenConsent:
    """A consent in a request: a version of the face-recognition notice and its language. No version: no consent."""

    version: str = ""
    language: str = ""


NO_CONSENT = GivenConsent()


@dataclass(frozen=True)
class Consent:
    """A member's consent to a version of the face-recognition notice. `language` is that of the notice, or empty if the
    client did not specify it."""

    event_id: UUID
    version: str
    language: str
    given_at: datetime
    withdrawn_at: datetime | None


@dataclass(frozen=True)
class Member:
    """A membership, as an organiser sees it."""

    user_id: UUID
    username: str | None
    display_name: str
    role: Role
    joined_at: datetime
    waiting: bool


@dataclass(frozen=True)
class RemovedGuest:
    """A guest who was removed from an event and cannot join again."""

    user_id: UUID
    username: str | None
    display_name: str
    removed_at: datetime


@dataclass(frozen=True)
class Change:
    """An entry of the change feed; `kind` determines which fields are set."""

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
    """An access token and a refresh token of one session."""

    access_token: str
    refresh_token: str


@dataclass(frozen=True)
class NewSession:
    """A new session: its id, the hash of its first refresh token, and a coarse description of the device."""

    id: UUID
    refresh_hash: bytes
    device: str = ""


@dataclass(frozen=True)
class Session:
    """A session, as its user sees it."""

    id: UUID
    began_at: datetime
    used_at: datetime
    device: str


@dataclass(frozen=True)
class Lifetimes:
    """The maximum lifetimes of sessions, however much they are used: of accounts with a password, which can sign in
    again, and of guests without one, who cannot."""

    days: int = SESSION_DAYS
    guest_days: int = GUEST_SESSION_DAYS


@dataclass(frozen=True)
class Ended:
    """A session that ended; `session_id` is None for all sessions of an erased user."""

    user_id: UUID
    session_id: UUID | None


@dataclass(frozen=True)
class Login:
    """The result of a sign-in: the user, the event joined last, the tokens, and whether admission to it is pending."""

    user_id: UUID
    event_id: UUID | None
    tokens: Tokens
    waiting: bool = False


@dataclass(frozen=True)
class NewEvent:
    """A new event. Without `expires_at` it ends after a year or, with `without_end`, never."""

    name: str
    starts_at: datetime | None
    expires_at: datetime | None
    admission: bool
    offer: NewOffer
    guest_photos: GuestPhotos
    without_end: bool = False


@dataclass(frozen=True)
class EventEdit:
    """Changes to an event. None leaves a field unchanged; `no_start` and `no_end` remove a time."""

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
