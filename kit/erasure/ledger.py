"""Ids of what was erased, outside every database: after a restore, what was erased since the backup is erased again.

Each batch is a small file under `ledger/` of a file store, which holds ids and nothing else of anybody.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol, Self
from uuid import UUID

from kit.settings import LedgerSettings
from kit.storage.blobs import Blobs
from kit.telemetry.logs import get_logger

PREFIX = "ledger"
BATCH = 1000

log = get_logger()


class Gone(Enum):
    """Whose id it is; the values are stored. PERSON: somebody whom an account looked for, besides its guest.
    SELFIE: one that was deleted alone."""

    USER = "user"
    EVENT = "event"
    PHOTO = "photo"
    PERSON = "person"
    SELFIE = "selfie"


@dataclass(frozen=True)
class Erasure:
    """`place`: where the queue of a service has it; 0: nowhere."""

    kind: Gone
    id: UUID
    place: int = 0


class ErasureQueue(Protocol):
    """What a service has erased and the ledger does not have yet."""

    def list_erasures(self, limit: int) -> list[Erasure]:
        """The oldest ones."""

    def settle_erasures(self, places: Sequence[int]) -> None:
        """The ledger has them."""


class Ledger:
    """Append-only; the same id may be in it several times."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs

    @classmethod
    def connect(cls, settings: LedgerSettings) -> Self:
        url = settings.ledger_url or settings.blob_url
        return cls(Blobs.connect(settings.model_copy(update={"blob_url": url}), PREFIX))

    def append(self, erasures: Sequence[Erasure]) -> None:
        """Durable when it returns."""
        lines = "".join(f"{erasure.kind.value} {erasure.id}\n" for erasure in erasures)
        self._blobs.put(self._blobs.new_key(), lines.encode())

    def read(self, kinds: Collection[Gone]) -> Iterator[Erasure]:
        """All of these kinds; a kind that this version does not know is passed over."""
        names = {kind.value: kind for kind in kinds}
        for key, _ in self._blobs.list():
            for line in self._blobs.get(key).decode().splitlines():
                name, _, gone = line.partition(" ")
                if name in names:
                    yield Erasure(names[name], UUID(gone))


class LedgerWriter:
    """Moves erasures from a queue, whose rows the erasing transactions wrote, to the ledger: at least once."""

    def __init__(self, queue: ErasureQueue, ledger: Ledger) -> None:
        self._queue = queue
        self._ledger = ledger

    def step(self) -> bool:
        """Whether there may be more."""
        erasures = self._queue.list_erasures(BATCH)
        if erasures:
            self._ledger.append(erasures)
            self._queue.settle_erasures([erasure.place for erasure in erasures])
            log.info("Noted erasures in the ledger.", action="ledger_written", count=len(erasures))
        return len(erasures) == BATCH


class Eraser(Protocol):
    """A service's way to erase what a restored database still has."""

    @property
    def kinds(self) -> Collection[Gone]:
        """Whose ids it erases."""

    def erase(self, erasure: Erasure) -> bool:
        """Whether there was anything to erase."""


def replay(ledger: Ledger, eraser: Eraser) -> dict[str, int]:
    """How many were `erased` again, and how many ids of the eraser's kinds are `in_ledger`."""
    found = set(ledger.read(eraser.kinds))
    return {"erased": sum(eraser.erase(erasure) for erasure in found), "in_ledger": len(found)}
