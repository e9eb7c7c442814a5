"""The indexer: reads each photo once, in a separate process, and publishes the faces and pictures."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from threading import Event
from uuid import UUID

from prometheus_client import Counter, Histogram

from kit.faces.images.formats import sniff
from kit.faces.images.metadata import Camera
from kit.sandbox.process import SandboxDied, SandboxTimedOut
from kit.storage.blobs import BlobNotFound, Blobs
from kit.telemetry import traces
from kit.telemetry.logs import get_logger
from kit.worker import Worker
from matcher_service.domain import CameraId, IndexedPhoto, Job, NewFace, Variant
from matcher_service.faces import FoundPerson, SeenFace
from matcher_service.matching import find_penalty, find_people
from matcher_service.pictures import size_of, to_json
from matcher_service.reading import FaceReading, Reading
from matcher_service.store import JobStore

log = get_logger()
photos_read = Counter("indexer_photos_total", "Photos read, by outcome", ["outcome"])
seconds = Histogram("indexer_photo_seconds", "Time for a photo", buckets=(0.1, 0.3, 1, 3, 10, 30))


class Indexer(Worker[Job]):
    """Processes photos. `read` may crash or hang on hostile bytes without ending this process; `lease_s` exceeds its
    time limit."""

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
        super().__init__(prepare, stop)
        self._store = store
        self._blobs = blobs
        self._read = read
        self._tolerance = tolerance
        self._lease_s = lease_s

    def step(self) -> bool:
        """Waiting photos come before photos of version 0001 whose originals can be stored better."""
        return super().step() or (not self._stop.is_set() and self._convert_one())

    def claim(self) -> Job | None:
        return self._store.claim(self._lease_s)

    def give_back(self, job: Job) -> None:
        self._store.release(job)

    def work(self, job: Job) -> None:
        with traces.work("photo", job.photo_id):
            with seconds.time():
                outcome = self.index(job)
            traces.tell(outcome=outcome)
            photos_read.labels(outcome).inc()
            log.info("Worked on a photo.", action="photo_indexed", photo_id=str(job.photo_id), outcome=outcome)

    def index(self, job: Job) -> str:
        """Returns the outcome for logs and metrics."""
        try:
            upload = self._blobs.get(job.upload_key)
            with traces.step("read"):
                reading = self._read(upload)
        except BlobNotFound:
            return self._fail(job, "file_missing")
        except Exception as fault:
            return self._give_up(job, fault)
        return self._fail(job, reading.reason) if reading.reason else self._publish(job, reading)

    def _fail(self, job: Job, reason: str) -> str:
        self._store.fail(job, reason)
        return reason

    def _give_up(self, job: Job, fault: Exception) -> str:
        """Counts failures of the engine on this photo, but not those caused by a stop of this process."""
        if self._stop.is_set():
            self.give_back(job)
            return "released"
        if not isinstance(fault, SandboxDied | SandboxTimedOut):
            self.give_back(job)
            raise fault
        self._store.count_failure(job)
        log.warning(
            "The engine failed on a photo.",
            action="photo_failed",
            photo_id=str(job.photo_id),
            attempt=job.attempt,
            fault=type(fault).__name__,
        )
        return "crashed"

    def _publish(self, job: Job, reading: Reading) -> str:
        """Writes the pictures, then publishes the row, which thus never refers to a missing file."""
        pictures = {
            Variant.THUMB: reading.thumb_jpeg,
            Variant.MEDIUM: reading.medium_jpeg,
            Variant.PREVIEW: reading.preview_jpeg,
        }
        if not reading.original_parts:
            pictures[Variant.ORIGINAL] = reading.original_jpeg
        keys = {variant: self._blobs.new_key() for variant in pictures}
        for variant, jpeg in pictures.items():
            self._blobs.put(keys[variant], jpeg)
        photo = IndexedPhoto(
            width=reading.width,
            height=reading.height,
            taken_at=reading.taken.instant if reading.taken else None,
            taken_offset_min=reading.taken.offset_min if reading.taken else None,
            keys=keys,
            original_bytes=size_of(reading.original_parts) or len(reading.original_jpeg),
            original_parts=to_json(reading.original_parts) if reading.original_parts else None,
            faces=make_faces(reading),
            small_count=reading.small_count,
            colour=reading.colour,
            camera=identify(job.event_id, reading.camera) if reading.camera else None,
        )
        published = self._store.publish(job, photo, self._find_people)
        if not published:
            for key in keys.values():
                self._blobs.delete(key)
        return "indexed" if published else "outdated"

    def _find_people(
        self, people: Sequence[bytes], rejected: Mapping[int, Sequence[bytes]], faces: Sequence[NewFace]
    ) -> list[FoundPerson]:
        seen = [SeenFace(face.encoding, face.penalty) for face in faces]
        return find_people(people, seen, self._tolerance, rejected)

    def _convert_one(self) -> bool:
        """Lets the original of a photo of version 0001 be sent from its upload; returns False if none is left."""
        job = self._store.find_old_original()
        if job is None:
            return False
        try:
            upload = self._blobs.get(job.upload_key)
            parts = self._read(upload).original_parts
        except (BlobNotFound, SandboxDied, SandboxTimedOut):
            upload, parts = b"", ()  # the existing original stays
        form = sniff(upload) or "unknown"
        self._store.replace_original(job, form, to_json(parts) if parts else None, size_of(parts))
        return True


def identify(event_id: UUID, camera: Camera) -> CameraId:
    """A digest that is valid in one event and does not reveal the serial number."""
    named = "\0".join((camera.make, camera.model, camera.serial)).encode()
    return CameraId(camera.name, hashlib.blake2b(named, key=event_id.bytes, digest_size=16).digest())


def make_faces(reading: Reading) -> tuple[NewFace, ...]:
    """The faces to be stored."""
    return tuple(_new_face(face) for face in reading.faces)


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
        penalty=find_penalty(quality.size_px, face.is_sure),
        sure=face.is_sure,
    )
