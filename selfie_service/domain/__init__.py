"""The domain of selfie_service: selfies, verdicts, and the progress of matching them in events, with their rules."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from uuid import UUID

from selfie_service.domain.faults import (
    EmptyImage as EmptyImage,
)
from selfie_service.domain.faults import (
    EventClosed as EventClosed,
)
from selfie_service.domain.faults import (
    EventNotFound as EventNotFound,
)
from selfie_service.domain.faults import (
    IdempotencyKeyReused as IdempotencyKeyReused,
)
from selfie_service.domain.faults import (
    NoActiveSelfie as NoActiveSelfie,
)
from selfie_service.domain.faults import (
    OrganiserOnly as OrganiserOnly,
)
from selfie_service.domain.faults import (
    QueueFull as QueueFull,
)
from selfie_service.domain.faults import (
    RequestInProgress as RequestInProgress,
)
from selfie_service.domain.faults import (
    SelfieNotFound as SelfieNotFound,
)
from selfie_service.domain.faults import (
    TooLarge as TooLarge,
)
from selfie_service.domain.faults import (
    UnsupportedType as UnsupportedType,
)
from selfie_service.domain.faults import (
    UserNotFound as UserNotFound,
)

MAX_FAILURES = 3
MAX_ACTIVE = 3  # selfies per person, whose mean is compared
MAX_USERS = 200  # per list of selfie states


class SelfieState(Enum):
    """The state of a selfie; the values are stored."""

    PENDING = "pending"
    ACTIVE = "active"
    REJECTED = "rejected"
    SUPERSEDED = "superseded"
    ERROR = "error"
    DELETED = "deleted"


class Recorded(Enum):
    """The actions in the audit log; the values are stored and shown."""

    NEW_FACE = "new_face"
    EXPORTED = "exported"


class RejectReason(Enum):
    """Why a selfie is invalid; the values are stored."""

    NO_FACE = "no_face"
    SEVERAL_FACES = "several_faces"
    FACE_TOO_SMALL = "face_too_small"
    TOO_DARK = "too_dark"
    TOO_BRIGHT = "too_bright"
    BLURRED = "blurred"
    FACE_CUT_OFF = "face_cut_off"
    UNREADABLE = "unreadable"
    INVALID_DIMENSIONS = "invalid_dimensions"
    TOO_MANY_PIXELS = "too_many_pixels"
    DIFFERENT_PERSON = "different_person"
    TOO_MANY_FACES = "too_many_faces"


class RematchState(Enum):
    """The progress of matching a person in an event; the values are stored. IDLE: there is no face to compare."""

    IDLE = "idle"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class GuestSelfie(Enum):
    """Whether a guest has a selfie, as shown to the organisers of an event, without reject reasons."""

    NONE = "none"
    CHECKING = "checking"
    REJECTED = "rejected"
    ACCEPTED = "accepted"


class Role(Enum):
    """The roles of members that this service distinguishes; the values are stored."""

    GUEST = "guest"
    ORGANISER = "organiser"


class ChangeKind(Enum):
    """The kinds of changes in auth_service's feed."""

    JOINED = "joined"
    LEFT = "left"
    USER_ERASED = "user_erased"
    EVENT_UPDATED = "event_updated"
    EVENT_DELETED = "event_deleted"
    CONSENT_WITHDRAWN = "consent_withdrawn"


@dataclass(frozen=True)
class Change:
    """An entry of auth_service's change feed; `kind` determines which fields are set. None: a kind unknown to this
    code."""

    sequence: int
    kind: ChangeKind | None
    event_id: UUID | None = None
    user_id: UUID | None = None
    closed: bool = False
    expires_at: datetime | None = None
    role: Role = Role.GUEST
    without_search: bool = False
    last_membership: bool = False


@dataclass(frozen=True)
class NewSelfie:
    """An upload, whose image is in the file store. It is accepted once per `idempotency_key`. An addition is used in
    addition to the active selfies instead of replacing them."""

    id: UUID
    user_id: UUID
    person_id: UUID
    idempotency_key: UUID | None
    sha256: bytes
    image_key: str
    content_type: str
    is_addition: bool = False


@dataclass(frozen=True)
class StoredImage:
    """Where the image of a selfie is: in a file, or, since schema 0001, still in `data` of its row."""

    key: str | None
    data: bytes | None = None


@dataclass(frozen=True)
class Selfie:
    """A selfie, as its owner sees it."""

    id: UUID
    state: SelfieState
    image: StoredImage
    content_type: str


@dataclass(frozen=True)
class SelfieJob:
    """A claimed selfie, of a person whom `account_id` looks for in these events. Updates are fenced by `attempt`."""

    selfie_id: UUID
    person_id: UUID
    account_id: UUID
    event_ids: tuple[UUID, ...]
    attempt: int
    image: StoredImage
    is_addition: bool = False


@dataclass(frozen=True)
class Bound:
    """The `encoding` of a person's first valid selfie since the last deletion, if there is one, and how often the
    account bound a face within the last 24 hours."""

    encoding: bytes | None
    recent_count: int


# Decides from a person's binding and an encoding why an otherwise valid selfie is rejected; None: it is accepted.
Judge = Callable[[Bound, bytes], RejectReason | None]


@dataclass(frozen=True)
class Decision:
    """What was stored about a selfie; nothing if the verdict was late, in which case `in_time` is False."""

    in_time: bool
    reason: RejectReason | None = None


@dataclass(frozen=True)
class Rematch:
    """A person to match again in an event. Without `encoding` (128 little-endian float32), the matcher forgets the
    person. It is the mean of the person's active selfies, of which `selfie_id` is the first.

    Updates are fenced by `attempt` and `revision`.
    """

    user_id: UUID
    person_id: UUID
    event_id: UUID
    revision: int
    attempt: int
    encoding: bytes | None
    selfie_id: UUID | None = None


@dataclass(frozen=True)
class Counts:
    """Numbers of compared faces, of all faces, and of matched photos."""

    compared: int = 0
    total: int = 0
    matched: int = 0


@dataclass(frozen=True)
class EventRematch:
    """The progress of matching a person in one event."""

    event_id: UUID
    state: RematchState
    counts: Counts
    finished_at: datetime | None


@dataclass(frozen=True)
class SelfieSummary:
    """A selfie without its image."""

    id: UUID
    state: SelfieState
    reason: RejectReason | None
    decided_at: datetime | None


@dataclass(frozen=True)
class Progress:
    """The state of the newest selfie, its progress in each event, and the number of active selfies."""

    selfie: SelfieSummary | None
    started_at: datetime | None
    finished_at: datetime | None
    events: tuple[EventRematch, ...]
    active_count: int = 0


def first_person(user_id: UUID) -> UUID:
    """Returns the id of an account's first person, its guest: that of the account."""
    return user_id


def show_to_organisers(state: SelfieState | None) -> GuestSelfie:
    """`state` is that of the active selfie, or of the newest one if none is active."""
    match state:
        case SelfieState.ACTIVE:
            return GuestSelfie.ACCEPTED
        case SelfieState.PENDING:
            return GuestSelfie.CHECKING
        case SelfieState.REJECTED | SelfieState.ERROR:  # in both cases the guest has to take another one
            return GuestSelfie.REJECTED
        case _:
            return GuestSelfie.NONE


def summarise_progress(
    selfies: Sequence[SelfieSummary], started_at: datetime | None, events: Sequence[EventRematch]
) -> Progress:
    """`selfies`: the newest one and the active ones, newest first; `started_at`: when the guest last uploaded a selfie
    or requested a rematch."""
    selfie = selfies[0] if selfies else None
    active = [one for one in selfies if one.state is SelfieState.ACTIVE]
    if active and selfie and selfie.decided_at and started_at and selfie.decided_at < started_at:
        selfie = active[0]  # after a failed selfie, the guest continued with the active ones
    if selfie is None or selfie.state is SelfieState.DELETED:
        return Progress(None, None, None, tuple(events), len(active))
    finished_at = None
    # An event that was closed before the guest had a face stays idle.
    if selfie.decided_at and all(event.state in (RematchState.DONE, RematchState.IDLE) for event in events):
        moments = (started_at, selfie.decided_at, *(event.finished_at for event in events))
        finished_at = max(moment for moment in moments if moment)
    return Progress(selfie, started_at, finished_at, tuple(events), len(active))
