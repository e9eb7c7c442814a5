"""Ids of erased data, stored outside every database: after a restore, they are erased again.

Each batch is a small file under `ledger/` in a file store, which contains ids and no other personal data.
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
    """The kind of an id; the values are stored. PERSON: a further person of an account, besides the guest.
    SELFIE: a selfie that was deleted on its own."""

    USER = "user"
    EVENT = "event"
    PHOTO = "photo"
    PERSON = "person"
    SELFIE = "selfie"


@dataclass(frozen=True)
class Erasure:
    """`place`: its place in the queue of a service; 0 if it is not queued."""

    kind: Gone
    id: UUID
    place: int = 0


class ErasureQueue(Protocol):
    """Erasures of a service that are not in the ledger yet."""

    def list_erasures(self, limit: int) -> list[Erasure]:
        """The oldest erasures."""

    def settle_erasures(self, places: Sequence[int]) -> None:
        """Removes erasures that are in the ledger."""


class Ledger:
    """Append-only; may contain an id several times."""

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
        """All erasures of these kinds; kinds unknown to this version are skipped."""
        names = {kind.value: kind for kind in kinds}
        for key, _ in self._blobs.list():
            for line in self._blobs.get(key).decode().splitlines():
                name, _, gone = line.partition(" ")
                if name in names:
                    yield Erasure(names[name], UUID(gone))


class LedgerWriter:
    """Moves erasures from a queue, written by the erasing transactions, to the ledger: at least once."""

    def __init__(self, queue: ErasureQueue, ledger: Ledger) -> None:
        self._queue = queue
        self._ledger = ledger

    def step(self) -> bool:
        """Moves a batch; returns whether there may be more."""
        erasures = self._queue.list_erasures(BATCH)
        if erasures:
            self._ledger.append(erasures)
            self._queue.settle_erasures([erasure.place for erasure in erasures])
            log.info("Noted erasures in the ledger.", action="ledger_written", count=len(erasures))
        return len(erasures) == BATCH


class Eraser(Protocol):
    """Erases data of a service that a restored database contains again."""

    @property
    def kinds(self) -> Collection[Gone]:
        """The kinds that it erases."""

    def erase(self, erasure: Erasure) -> bool:
        """Returns whether there was anything to erase."""


def replay(ledger: Ledger, eraser: Eraser) -> dict[str, int]:
    """Returns how many were `erased` again, and how many ids of the eraser's kinds are `in_ledger`."""
    found = set(ledger.read(eraser.kinds))
    return {"erased": sum(eraser.erase(erasure) for erasure in found), "in_ledger": len(found)}
