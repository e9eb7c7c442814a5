"""A new selfie in an event of 2 000 photos: the time of a rematch, compared with the previous approach.

A rematch compares in memory and publishes in PostgreSQL. The previous approach reread every photo for each selfie; it
is extrapolated from a sample of photos, read with face_recognition's defaults.
"""

import io
import statistics
import time
from typing import Any

from deploy.sample.event import SamplePhoto
from matcher_service.domain import Rematch
from matcher_service.index import Index
from matcher_service.rules import Limits
from matcher_service.service import Matches, Members, TwoFaces
from matcher_service.store import FaceStore, MatchStore, MemberStore, PeopleStore, RefusalStore
from tests.bench.database import FACES_PER_PHOTO, SHARE, BenchDatabase, add_event, add_guests, make_encodings

PHOTOS = 2_000
ROUNDS = 20
SAMPLE = 5
TOLERANCE = 0.55


def run(database: BenchDatabase, photos: list[SamplePhoto]) -> dict[str, Any]:
    """Milliseconds; the previous approach is extrapolated from the first photos."""
    encodings = make_encodings(PHOTOS * FACES_PER_PHOTO)
    event_id = add_event(database.engine, encodings)
    [guest] = add_guests(database.engine, event_id, encodings[:1])
    database.settle()
    faces, members = FaceStore(database.engine), MemberStore(database.engine)
    index = Index(faces.find_version, faces.count, faces.read_page, memory_mb=512)
    matches = Matches(
        MatchStore(database.engine),
        RefusalStore(database.engine),
        index,
        Members(members, lambda: None),
        Limits(tolerance=TOLERANCE),
        TwoFaces(PeopleStore(database.engine), 2),
    )
    times = []
    for revision in range(2, ROUNDS + 3):
        selfie = encodings[SHARE * (revision % 10)].tobytes()
        started = time.perf_counter()
        *_, last = matches.rematch(Rematch("bench", guest, event_id, revision, selfie))
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


def _read_again_ms(photos: list[SamplePhoto]) -> float:
    """Milliseconds for one photo with face_recognition's defaults."""
    import face_recognition

    times = []
    for photo in photos:
        started = time.perf_counter()
        pixels = face_recognition.load_image_file(io.BytesIO(photo.jpeg))
        face_recognition.face_encodings(pixels, face_recognition.face_locations(pixels))
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times)
