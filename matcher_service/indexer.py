"""The indexer: reads each photo once, in a process of its own, and publishes what it found."""

import time
from collections.abc import Callable, Sequence
from threading import Event

import numpy as np
from prometheus_client import Counter, Histogram

from kit.blobs import BlobNotFound, Blobs
from kit.errors import Unavailable
from kit.faces.process import FaceProcessDied, FaceProcessTimedOut
from kit.logs import get_logger
from matcher_service.domain import IndexedPhoto, Job, NewFace, Variant
from matcher_service.matching import is_close, squares, to_encodings
from matcher_service.reading import FaceReading, Reading
from matcher_service.service import new_key
from matcher_service.store import JobStore

RETRY_S = 1.0

log = get_logger()
photos_read = Counter("indexer_photos_total", "Photos read, by outcome", ["outcome"])
seconds = Histogram("indexer_photo_seconds", "Time for a photo", buckets=(0.1, 0.3, 1, 3, 10, 30))


class Indexer:
    """One photo after the other. `read` may crash or hang on hostile bytes without taking us along."""

    def __init__(
        self, store: JobStore, blobs: Blobs, read: Callable[[bytes], Reading], tolerance: float, lease_s: float
    ) -> None:
        self._store = store
        self._blobs = blobs
        self._read = read
        self._tolerance = tolerance
        self._lease_s = lease_s

    def step(self, stop: Event) -> bool:
        """Works on one photo; False when there is none."""
        job = self._store.claim(self._lease_s)
        if job is None:
            return False
        with seconds.time():
            outcome = self.work(job, stop)
        photos_read.labels(outcome).inc()
        log.info("Worked on a photo.", action="photo_indexed", photo=str(job.photo_id), outcome=outcome)
        return True

    def work(self, job: Job, stop: Event) -> str:
        """The outcome, for people."""
        try:
            reading = self._read(self._blobs.get(job.upload_key))
        except (FaceProcessDied, FaceProcessTimedOut):
            if stop.is_set():
                _persist(lambda: self._store.release(job), self._lease_s)
                return "released"
            _persist(lambda: self._store.count_failure(job), self._lease_s)
            return "crashed"
        except BlobNotFound:
            _persist(lambda: self._store.fail(job, "file_missing"), self._lease_s)
            return "file_missing"
        except Exception:
            # What went wrong says nothing about the photo: whoever comes next may have it at once.
            _persist(lambda: self._store.release(job), RETRY_S)
            raise
        if reading.reason:
            _persist(lambda: self._store.fail(job, str(reading.reason)), self._lease_s)
            return reading.reason
        return self._publish(job, reading)

    def _publish(self, job: Job, reading: Reading) -> str:
        """The pictures are durable before the row says so."""
        keys = {variant: new_key() for variant in Variant}
        pictures = {
            Variant.THUMB: reading.thumb_jpeg,
            Variant.PREVIEW: reading.preview_jpeg,
            Variant.ORIGINAL: reading.original_jpeg,
        }
        for variant, jpeg in pictures.items():
            self._blobs.put(keys[variant], jpeg)
        faces = tuple(_new_face(face) for face in reading.faces)
        photo = IndexedPhoto(reading.width, reading.height, reading.taken_at, keys, faces)
        published = _persist(
            lambda: self._store.publish(job, photo, lambda guests: self._find_guests(guests, faces)), self._lease_s
        )
        if not published:
            for key in keys.values():
                self._blobs.delete(key)
        return "indexed" if published else "outdated"

    def _find_guests(self, guests: Sequence[bytes], faces: Sequence[NewFace]) -> list[int]:
        if not guests or not faces:
            return []
        people, found = to_encodings(guests), to_encodings([face.encoding for face in faces])
        hits = is_close(people, squares(people), found, self._tolerance).any(axis=1)
        return [int(place) for place in np.flatnonzero(hits)]


def _persist(write: Callable[[], bool | None], patience_s: float) -> bool | None:
    """Writes, trying again while the database is away, so that work done is not done twice; the fence keeps it safe."""
    ends_at = time.monotonic() + patience_s
    while True:
        try:
            return write()
        except Unavailable:
            if time.monotonic() > ends_at:
                raise
            time.sleep(RETRY_S / 4)


def _new_face(face: FaceReading) -> NewFace:
    box, quality = face.box, face.quality
    return NewFace(
        left=box.left,
        top=box.top,
        width=box.width,
        height=box.height,
        encoding=face.encoding,
        size_px=quality.size_px,
        sharpness=quality.sharpness,
        brightness=quality.brightness,
        yaw=quality.yaw,
    )
