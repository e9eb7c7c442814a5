"""The indexer: reads each photo once, in a process of its own, and publishes what it found."""

from collections.abc import Callable, Sequence
from contextlib import suppress
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

log = get_logger()
photos_read = Counter("indexer_photos_total", "Photos read, by outcome", ["outcome"])
seconds = Histogram("indexer_photo_seconds", "Time for a photo", buckets=(0.1, 0.3, 1, 3, 10, 30))


class Indexer:
    """One photo after the other, in one thread. `read` may crash or hang on hostile bytes without taking us along;
    `prepare` loads what it needs, so that no claim pays for it. `lease_s` is longer than a reading may take."""

    def __init__(
        self,
        store: JobStore,
        blobs: Blobs,
        read: Callable[[bytes], Reading],
        prepare: Callable[[], None],
        tolerance: float,
        lease_s: float,
        stop: Event,
    ) -> None:
        self._store = store
        self._blobs = blobs
        self._read = read
        self._prepare = prepare
        self._tolerance = tolerance
        self._lease_s = lease_s
        self._stop = stop
        self._job: Job | None = None

    def step(self) -> bool:
        """Whether there was something to do."""
        self._prepare()
        job = self._store.claim(self._lease_s)
        if job is None:
            return False
        self._job = job
        try:
            with seconds.time():
                outcome = self.work(job)
        finally:
            self._job = None
        photos_read.labels(outcome).inc()
        log.info("Worked on a photo.", action="photo_indexed", photo_id=str(job.photo_id), outcome=outcome)
        return True

    def release(self) -> None:
        """Gives up the claim at once, when the process stops; for any thread."""
        if job := self._job:
            with suppress(Unavailable):  # then the lease ends it
                self._store.release(job)

    def work(self, job: Job) -> str:
        """The outcome, for people."""
        try:
            if self._stop.is_set():
                return self._give_back(job)
            reading = self._read(self._blobs.get(job.upload_key))
        except BlobNotFound:
            return self._fail(job, "file_missing")
        except (FaceProcessDied, FaceProcessTimedOut) as fault:
            return self._give_back(job) if self._stop.is_set() else self._count_failure(job, fault)
        except Exception:
            self._give_back(job)  # what went wrong says nothing about the photo
            raise
        return self._fail(job, reading.reason) if reading.reason else self._publish(job, reading)

    def _give_back(self, job: Job) -> str:
        self._store.release(job)
        return "released"

    def _fail(self, job: Job, reason: str) -> str:
        self._store.fail(job, reason)
        return reason

    def _count_failure(self, job: Job, fault: Exception) -> str:
        self._store.count_failure(job)
        log.warning(
            "The engine failed over a photo.",
            action="photo_failed",
            photo_id=str(job.photo_id),
            attempt=job.attempt,
            fault=type(fault).__name__,
        )
        return "crashed"

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
        published = self._store.publish(job, photo, lambda guests: self._find_guests(guests, faces))
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
