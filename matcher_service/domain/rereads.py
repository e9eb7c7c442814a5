"""Photos of an older engine that are read again."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class RereadPhoto:
    """A photo to be read again. `attempt` fences every later write."""

    event_id: UUID
    photo_id: UUID
    upload_key: str
    attempt: int


@dataclass(frozen=True)
class Swap:
    """An event whose photos have all been read again, so the new faces can replace the old ones."""

    event_id: UUID
    attempt: int


RereadJob = RereadPhoto | Swap


@dataclass(frozen=True)
class RereadProgress:
    """How many photos of an event an older engine read, and how many of these have been read again and await the
    swap."""

    old: int
    done: int
