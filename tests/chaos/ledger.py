"""The promises of the system: every request answered with 2xx, in the order in which its owner sent it."""

from collections import Counter
from dataclasses import dataclass, field
from threading import Lock


@dataclass
class SentSelfie:
    """`person` is None where the picture shows no face, so that it must be rejected."""

    id: str
    person: int | None


@dataclass
class GuestRecord:
    """One guest; only their own thread writes.

    `persons` are the people whose photos a reader may see now: those on the newest selfie known to be matched and on
    all selfies sent since; empty until the first match.
    """

    username: str
    user_id: str
    token: str
    events: set[str] = field(default_factory=set)
    selfies: list[SentSelfie] = field(default_factory=list)
    persons: tuple[int, ...] = ()
    is_matched: bool = False
    deleted_at: int = -1  # how many selfies there were when the guest last deleted them


@dataclass
class PhotoRecord:
    """One photo, by the id that the organiser got for it; `sha256` of its newest version. `keeper`: the
    only organiser who replaces it; such a photo is never deleted. `is_far`: only growth finds its people."""

    event_id: str
    people: frozenset[int]
    filename: str
    sha256: str
    is_indexed: bool = False
    is_deleted: bool = False  # set before the request is sent
    keeper: str = ""
    is_far: bool = False


class Ledger:
    """Shared by the threads of a run."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.guests: list[GuestRecord] = []
        self.photos: dict[str, PhotoRecord] = {}
        self.accepted = 0
        self.violations: Counter[str] = Counter()
        self.examples: list[str] = []

    def accept(self) -> None:
        with self.lock:
            self.accepted += 1

    def violate(self, kind: str, example: str) -> None:
        with self.lock:
            self.violations[kind] += 1
            if len(self.examples) < 20:
                self.examples.append(f"{kind}: {example}")

    def living(self, event_id: str) -> dict[str, PhotoRecord]:
        """The photos of an event that are known to be indexed and are not being deleted."""
        with self.lock:
            return {
                photo_id: photo
                for photo_id, photo in self.photos.items()
                if photo.event_id == event_id and photo.is_indexed and not photo.is_deleted
            }
