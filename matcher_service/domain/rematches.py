"""Guests matched again, and whose photos change."""

from dataclasses import dataclass
from enum import Enum
from uuid import UUID


class RematchState(Enum):
    """How far a rematch is."""

    ACCEPTED = "accepted"
    RUNNING = "running"
    DONE = "done"
    SUPERSEDED = "superseded"
    FAILED = "failed"


@dataclass(frozen=True)
class Rematch:
    """A person whom a guest looks for, to be matched again; no `encoding` (128 little-endian float32) means: forget
    this person. Without `person_id` it is the guest's first one, who has the guest's id."""

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
    """How far a rematch is; counts of faces compared, faces in all, and photos matched."""

    rematch_id: str
    state: RematchState
    compared: int = 0
    total: int = 0
    matched: int = 0
    reason: str = ""


@dataclass(frozen=True)
class Hint:
    """The photos of some users in an event changed, or without users only what its organisers see; `event_deleted`: it
    is gone, and they are its members."""

    event_id: UUID
    user_ids: tuple[UUID, ...]
    event_deleted: bool = False
