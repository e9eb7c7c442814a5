"""Events whose matches are to be settled."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class Settlement:
    """An event to be settled. `attempt` fences every later write."""

    event_id: UUID
    attempt: int


@dataclass(frozen=True)
class FoundMatch:
    """A person matched to a photo by the photo's face `no`."""

    person_id: UUID
    photo_id: UUID
    no: int
    distance: float
    is_grown: bool
