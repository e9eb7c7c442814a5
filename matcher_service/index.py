"""The encodings of events in memory: a cache of the faces table, brought up to date each time it is used."""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from threading import Lock
from uuid import UUID

import numpy as np
import numpy.typing as npt

from matcher_service.domain import ENCODING_SIZE, FaceBatch
from matcher_service.matching import Encodings, find_close, half_squares, to_encodings

IDLE_S = 600
FACE_BYTES = ENCODING_SIZE * 4 + 4 + 4 + 8  # encoding, half square, place, and its share of the list of photos


@dataclass(frozen=True)
class EventFaces:
    """The faces of an event as of `version`; never changes, so it may be compared with outside of every lock.

    Face i has the encoding `encodings[i]` and is in the photo `photos[places[i]]`.
    """

    version: int
    encodings: Encodings
    halves: npt.NDArray[np.float32]
    places: npt.NDArray[np.int32]
    photos: Sequence[UUID]

    def __len__(self) -> int:
        return len(self.places)

    def find(self, encoding: bytes, tolerance: float) -> list[UUID]:
        """The photos that show the person, each once."""
        faces = find_close(self.encodings, self.halves, to_encodings([encoding])[0], tolerance)
        return [self.photos[place] for place in np.unique(self.places[faces])]


def make_faces(batch: FaceBatch) -> EventFaces:
    matrix = to_encodings(batch.encodings)
    place_of: dict[UUID, int] = {}
    places = [place_of.setdefault(photo, len(place_of)) for photo in batch.photo_ids]
    return EventFaces(batch.version, matrix, half_squares(matrix), np.array(places, np.int32), list(place_of))


def _extend(faces: EventFaces, more: EventFaces) -> EventFaces:
    """A photo's faces are published at once, so no photo is in both."""
    if not len(more):
        return replace(faces, version=more.version)
    return EventFaces(
        more.version,
        np.concatenate([faces.encodings, more.encodings]),
        np.concatenate([faces.halves, more.halves]),
        np.concatenate([faces.places, more.places + len(faces.photos)], dtype=np.int32),
        [*faces.photos, *more.photos],
    )


@dataclass
class _Entry:
    lock: Lock = field(default_factory=Lock)
    faces: EventFaces | None = None
    used_at: float = 0.0


class Index:
    """Event indexes, least recently used first; any replica may build any of them at any time.

    `load(event_id, after_version)` answers None for an event that is gone.
    """

    def __init__(self, load: Callable[[UUID, int], FaceBatch | None], memory_mb: float) -> None:
        self._load = load
        self._memory_bytes = memory_mb * 1024 * 1024
        self._entries: OrderedDict[UUID, _Entry] = OrderedDict()
        self._lock = Lock()

    def use(self, event_id: UUID) -> EventFaces | None:
        """The faces of an event as they are now; None when the event is gone."""
        with self._lock:
            entry = self._entries.setdefault(event_id, _Entry())
            self._entries.move_to_end(event_id)
            entry.used_at = time.monotonic()
        with entry.lock:
            entry.faces = faces = self._refresh(event_id, entry.faces)
        self._evict(event_id)
        return faces

    def tidy(self, versions: Callable[[Iterable[UUID]], Mapping[UUID, int]]) -> bool:
        """Drops what is idle, and what the events have moved on from, so that nothing deleted stays in memory.

        Never leaves anything to do at once: False.
        """
        with self._lock:
            held = dict(self._entries)
        current = versions(held)
        oldest = time.monotonic() - IDLE_S
        with self._lock:
            for event_id, entry in held.items():
                moved_on = entry.faces is None or entry.faces.version != current.get(event_id)
                if moved_on or entry.used_at < oldest:
                    self._entries.pop(event_id, None)
        return False

    def face_count(self) -> int:
        with self._lock:
            return sum(len(entry.faces) for entry in self._entries.values() if entry.faces)

    def _refresh(self, event_id: UUID, known: EventFaces | None) -> EventFaces | None:
        batch = self._load(event_id, known.version if known else 0)
        if batch is not None and known is not None and batch.deleted_version > known.version:
            known, batch = None, self._load(event_id, 0)
        if batch is None:
            return None
        more = make_faces(batch)
        return _extend(known, more) if known is not None else more

    def _evict(self, in_use: UUID) -> None:
        with self._lock:
            held = sum(len(entry.faces) for entry in self._entries.values() if entry.faces) * FACE_BYTES
            for event_id in list(self._entries):
                if held <= self._memory_bytes or event_id == in_use:
                    break
                entry = self._entries.pop(event_id)
                held -= len(entry.faces or ()) * FACE_BYTES
