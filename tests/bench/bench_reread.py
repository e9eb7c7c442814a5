"""Swaps the faces of a reread event, and measures how long its row is locked.

OPENBLAS_NUM_THREADS=1 python -m tests.bench.bench_reread [photos] [guests]
"""

import sys
import time

from sqlalchemy import text

from matcher_service.domain.rereads import Swap
from matcher_service.rules import Limits, match
from matcher_service.settler import compare
from matcher_service.store import RereadStore, SwapStore
from tests.bench.bench_settle import FACES_EACH, make_people
from tests.bench.database import BenchDatabase, add_event, add_guests, bench_database

# The new faces equal the old ones, but each is written nevertheless.
AGE = """
UPDATE matcher.photos SET engine_version = 1 WHERE event_id = :event;
INSERT INTO matcher.reread_photos (event_id, photo_id, upload_key, state, face_count)
SELECT event_id, id, upload_key, 'read', face_count FROM matcher.photos WHERE event_id = :event;
INSERT INTO matcher.reread_faces
SELECT event_id, photo_id, face_no, encoding, "left", top, width, height, size_px, sharpness, brightness, yaw, penalty,
    sure
FROM matcher.faces WHERE event_id = :event
"""


def main() -> None:
    photos, guests = (int(argument) for argument in [*sys.argv[1:], "2500", "200"][:2])
    with bench_database() as database:
        for name, ms in run(database, photos, guests).items():
            print(f"{name}: {ms}")


def run(database: BenchDatabase, photos: int, guests: int) -> dict[str, float]:
    """Milliseconds, and counts."""
    faces, selfies = make_people(photos * FACES_EACH, guests)
    event_id = add_event(database.engine, faces)
    add_guests(database.engine, event_id, selfies)
    with database.engine.begin() as connection:
        for statement in AGE.split(";\n"):
            connection.execute(text(statement), {"event": event_id})
    database.settle()
    store, swaps, found = RereadStore(database.engine), SwapStore(database.engine), {"swaps": 0.0}
    store.plan(event_id)
    while isinstance(job := store.claim(60), Swap):
        times = [time.perf_counter()]
        swap = swaps.read(job, 10**9)
        assert swap
        times.append(time.perf_counter())
        removed, added = compare(swap.event, match(swap.event.faces, swap.event.people, {}, Limits()))
        times.append(time.perf_counter())
        assert swaps.publish(job, swap, removed, added)
        times.append(time.perf_counter())
        store.rest(job, -1)
        for name, start, end in zip(("read_ms", "rules_ms", "locked_ms"), times, times[1:], strict=False):
            found[name] = max(found.get(name, 0.0), round((end - start) * 1000, 1))
        found["swaps"] += 1
    return found | {"faces": float(len(faces)), "matches": float(len(added))}


if __name__ == "__main__":
    main()
