"""Rematches of guests, and hints that photos of users changed."""

from dataclasses import dataclass
from enum import Enum
from uuid import UUID


class RematchState(Enum):
    """The state of a rematch."""

    ACCEPTED = "accepted"
    RUNNING = "running"
    DONE = "done"
    SUPERSEDED = "superseded"
    FAILED = "failed"


@dataclass(frozen=True)
class Rematch:
    """A request to match one of a guest's people again. Without an `encoding` (128 little-endian float32), the person
    is forgotten; without a `person_id`, it is the guest's first person, who has the guest's id."""

    id: str
    user_id: UUID
    event_id: UUID
    revision: int
    encoding: bytes | None
    person_id: UUID | None = None

    @property
    def person(self) -> UUID:
        return self.person_id or self.user_id


@dataclass(frozen=True)
class Snapshot:
    """Progress of a rematch: faces compared, faces in total, and photos matched."""

    rematch_id: str
    state: RematchState
    compared: int = 0
    total: int = 0
    matched: int = 0
    reason: str = ""


@dataclass(frozen=True)
class Hint:
    """The photos of some users in an event changed; without users, only what its organisers see changed.
    `event_deleted`: the event was deleted, and the users are its members."""

    event_id: UUID
    user_ids: tuple[UUID, ...]
    event_deleted: bool = False
