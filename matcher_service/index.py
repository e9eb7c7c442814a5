"""The encodings of events in memory: a cache of the faces table, updated on each use.

An event is read in pages, straight into blocks of arrays. A load that exceeds its caller's deadline keeps the pages
read so far, and the next caller continues it.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from threading import Condition, Lock
from uuid import UUID

import numpy as np
import numpy.typing as npt

from kit.errors import ServiceUnavailable
from kit.rpc import deadlines
from matcher_service.domain import ENCODING_SIZE
from matcher_service.faces import FIRST_FACE, EventVersion, FaceKey, FacePage, FoundFace
from matcher_service.matching import UNSURE_PENALTY, Encodings, distances, find_close, half_squares, to_encodings

IDLE_S = 600
FACE_BYTES = ENCODING_SIZE * 4 + 4 + 4 + 16 + 2  # encoding, half square, penalty, photo, number
PAGE_FACES = 16_384
BLOCK_FACES = 65_536
MIN_BLOCK_FACES = 64
WAIT_S = 2.0  # for memory held by another load; limited, because two loads could wait for each other

LookUp = Callable[[UUID], EventVersion | None]
ReadPage = Callable[[UUID, FaceKey, int, int], FacePage]
CountFaces = Callable[[UUID, FaceKey, int], int]


@dataclass(frozen=True)
class Block:
    """Some faces of an event: row i has the encoding `encodings[i]`, half its square and its penalty, and is face
    `nos[i]` of the photo `photos[i]`."""

    encodings: Encodings
    halves: npt.NDArray[np.float32]
    penalties: npt.NDArray[np.float32]
    photos: npt.NDArray[np.void]
    nos: npt.NDArray[np.int16]

    def __len__(self) -> int:
        return len(self.nos)

    def head(self, count: int) -> "Block":
        return Block(*(rows[:count] for rows in vars(self).values()))


@dataclass(frozen=True)
class Search:
    """The nearest face in each photo that shows a person; for photos with several clear faces near the person, also
    their encodings (k, 128)."""

    found: list[FoundFace]
    several: list[Encodings]


@dataclass(frozen=True)
class EventFaces:
    """The faces of an event as of `version`; immutable, so comparisons need no lock."""

    version: int
    blocks: tuple[Block, ...]

    def __len__(self) -> int:
        return sum(map(len, self.blocks))

    def find(self, encoding: bytes, tolerance: float) -> list[FoundFace]:
        """The nearest face in each photo that shows the person."""
        return self.search(encoding, tolerance).found

    def search(self, encoding: bytes, tolerance: float) -> "Search":
        """Like `find`, with the encodings of the clear faces near the person, by photo."""
        query = to_encodings([encoding])[0]
        nearest: dict[bytes, tuple[float, int]] = {}
        clear: dict[bytes, list[Encodings]] = {}
        for block in self.blocks:
            rows = find_close(block.encodings, block.halves, query, tolerance, block.penalties)
            for row, distance in zip(rows, distances(block.encodings[rows], query, block.penalties[rows]), strict=True):
                found, photo = (float(distance), int(block.nos[row])), block.photos[row].tobytes()
                nearest[photo] = min(found, nearest.get(photo, found))
                if block.penalties[row] < UNSURE_PENALTY:
                    clear.setdefault(photo, []).append(block.encodings[row])
        return Search(
            [FoundFace(UUID(bytes=photo), no, distance) for photo, (distance, no) in nearest.items()],
            [np.array(faces) for faces in clear.values() if len(faces) > 1],
        )

    def list_photos(self) -> set[UUID]:
        return {UUID(bytes=photo.tobytes()) for block in self.blocks for photo in block.photos}


def make_faces(version: int, page: FacePage) -> EventFaces:
    """An index that contains only the faces of a page."""
    encodings = np.ascontiguousarray(page.encodings)
    block = Block(encodings, half_squares(encodings), page.penalties.astype(np.float32), page.photo_ids, page.nos)
    return EventFaces(version, (block,))


class _Faces:
    """The faces of one event as they are loaded, up to `version`; `after` is the last one loaded.

    `begun_at` is the version at which loading began: a later deletion makes some of the faces stale. Blocks only grow
    at their end, so a snapshot of their heads never changes.
    """

    def __init__(self, version: int) -> None:
        self.begun_at = self.version = version
        self.is_complete = False
        self.after = FIRST_FACE
        self.count = 0
        self._blocks: list[Block] = []
        self._used = 0  # rows of the last block

    @property
    def free(self) -> int:
        return len(self._blocks[-1]) - self._used if self._blocks else 0

    @property
    def capacity(self) -> int:
        return sum(map(len, self._blocks))

    def add_block(self, faces: int) -> None:
        """Requires that `free` is 0."""
        encodings = np.empty((faces, ENCODING_SIZE), np.float32)
        photos: npt.NDArray[np.void] = np.empty(faces, "V16")
        halves, penalties = np.empty((2, faces), np.float32)
        self._blocks.append(Block(encodings, halves, penalties, photos, np.empty(faces, np.int16)))
        self._used = 0

    def append(self, page: FacePage, start: int) -> int:
        """Copies rows of the page from `start` on, at most as many as are free; returns how many."""
        count = min(self.free, len(page) - start)
        block, place, rows = self._blocks[-1], slice(self._used, self._used + count), slice(start, start + count)
        block.encodings[place] = page.encodings[rows]
        block.halves[place] = half_squares(block.encodings[place])
        block.penalties[place] = page.penalties[rows]
        block.photos[place], block.nos[place] = page.photo_ids[rows], page.nos[rows]
        self._used += count
        self.count += count
        return count

    def snapshot(self) -> EventFaces:
        return EventFaces(self.version, (*self._blocks[:-1], *(block.head(self._used) for block in self._blocks[-1:])))


@dataclass
class _Entry:
    lock: Lock = field(default_factory=Lock)
    faces: _Faces | None = None
    used_at: float = 0.0
    reserved: int = 0  # faces for which memory is reserved


class Index:
    """Event indexes, least recently used first; any replica may build any of them at any time.

    Together they use at most `memory_mb`, including loads in progress; a single event that needs more is kept alone.
    Loading an event needs memory for one more page of faces.
    """

    def __init__(self, look_up: LookUp, count: CountFaces, read_page: ReadPage, memory_mb: float) -> None:
        self._look_up = look_up
        self._count = count
        self._read_page = read_page
        self._memory_bytes = memory_mb * 1024 * 1024
        self._entries: OrderedDict[UUID, _Entry] = OrderedDict()
        self._changed = Condition()

    def use(self, event_id: UUID) -> EventFaces | None:
        """The current faces of an event; None if the event was deleted. Raises ServiceUnavailable if the caller's
        deadline passes before they are loaded."""
        with self._changed:
            entry = self._entries.setdefault(event_id, _Entry())
            self._entries.move_to_end(event_id)
            entry.used_at = time.monotonic()
        if not entry.lock.acquire(timeout=deadlines.remaining_s(60)):
            raise ServiceUnavailable  # another caller is loading the event
        try:
            return self._refresh(event_id, entry)
        finally:
            entry.lock.release()
            with self._changed:
                self._changed.notify_all()

    def tidy(self, deletions: Callable[[Iterable[UUID]], Mapping[UUID, int]]) -> bool:
        """Evicts indexes that are idle or older than the last deletion in their event, so that no deleted face stays in
        memory; other outdated indexes stay.

        Returns False, because no work is left.
        """
        with self._changed:
            held = dict(self._entries)
        current = deletions(held)
        oldest = time.monotonic() - IDLE_S
        with self._changed:
            for event_id, entry in held.items():
                begun_at = entry.faces.begun_at if entry.faces else 0
                is_outdated = begun_at < current.get(event_id, begun_at + 1)
                if (is_outdated or entry.used_at < oldest) and not entry.lock.locked():
                    self._entries.pop(event_id, None)
        return False

    def face_count(self) -> int:
        with self._changed:
            return sum(entry.faces.count for entry in self._entries.values() if entry.faces)

    def _refresh(self, event_id: UUID, entry: _Entry) -> EventFaces | None:
        now = self._look_up(event_id)
        if now is None:
            return None
        if entry.faces is None or now.deleted_version > entry.faces.begun_at:
            entry.faces, entry.reserved = _Faces(now.version), 0
        faces = entry.faces
        if now.version != faces.version or not faces.is_complete:
            faces.version, faces.is_complete = now.version, False
            self._load(event_id, entry, faces)
            faces.is_complete = True
        return faces.snapshot()

    def _load(self, event_id: UUID, entry: _Entry, faces: _Faces) -> None:
        """Loads the faces after the last one; keeps each page."""
        missing = self._count(event_id, faces.after, faces.version) if not faces.free else None
        if missing == 0:
            return
        while True:
            if deadlines.remaining_s(1) <= 0:
                raise ServiceUnavailable  # the next caller continues after the last face
            page = self._read_page(event_id, faces.after, faces.version, PAGE_FACES)
            start = 0
            while start < len(page):
                if not faces.free:
                    self._make_room(event_id, entry, faces, max(missing or 0, len(page) - start))
                taken = faces.append(page, start)
                start, missing = start + taken, max((missing or 0) - taken, 0)
            if page.last is not None:
                faces.after = page.last
            if len(page) < PAGE_FACES:
                return

    def _make_room(self, event_id: UUID, entry: _Entry, faces: _Faces, missing: int) -> None:
        """Adds a block for the missing faces, with spare rows if the event is growing."""
        wanted = max(missing, faces.count // 4 if faces.count and missing < PAGE_FACES else 0, MIN_BLOCK_FACES)
        size = min(wanted, BLOCK_FACES)
        self._reserve(event_id, entry, faces.capacity + max(size, missing))
        faces.add_block(size)

    def _reserve(self, event_id: UUID, entry: _Entry, faces: int) -> None:
        """Evicts other events until the faces fit, waiting up to WAIT_S for those that are being loaded."""
        ends_at = time.monotonic() + deadlines.remaining_s(WAIT_S)
        with self._changed:
            while not self._make_fit(event_id, faces - entry.reserved):
                if (left_s := ends_at - time.monotonic()) <= 0:
                    break
                self._changed.wait(left_s)
            entry.reserved = max(entry.reserved, faces)

    def _make_fit(self, event_id: UUID, more: int) -> bool:
        """Evicts unused events until `more` faces of an event fit; returns whether they do. A single event may use all
        memory."""
        held = sum(entry.reserved for entry in self._entries.values()) + more
        others = {other: entry for other, entry in self._entries.items() if other != event_id and entry.reserved}
        for other, entry in others.items():
            if held * FACE_BYTES <= self._memory_bytes:
                return True
            if not entry.lock.locked():
                del self._entries[other]
                held -= entry.reserved
        is_alone = not any(entry.lock.locked() for entry in others.values())
        return is_alone or held * FACE_BYTES <= self._memory_bytes
