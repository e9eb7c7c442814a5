"""Settles an event, and measures its reading, the rules of matching and the publication.

OPENBLAS_NUM_THREADS=1 python -m tests.bench.bench_settle [photos] [guests]
"""

import sys
import time

import numpy as np
import numpy.typing as npt
from sqlalchemy import text

from matcher_service.rules import Limits, match
from matcher_service.settler import compare
from matcher_service.store import SettlementStore
from tests.bench.database import BenchDatabase, add_event, add_guests, bench_database

FACES_EACH = 6
STRANGERS = 2  # per guest: people with as many photos who are not guests
# Lengths of real encodings, and distances of two photos of one person.
LENGTH = 1.4
SPREAD = (0.2, 0.8)


def main() -> None:
    photos, guests = (int(argument) for argument in [*sys.argv[1:], "2500", "200"][:2])
    with bench_database() as database:
        for name, ms in run(database, photos, guests).items():
            print(f"{name}: {ms}")


def run(database: BenchDatabase, photos: int, guests: int) -> dict[str, float]:
    """Milliseconds, processor time of this process, and counts."""
    faces, selfies = make_people(photos * FACES_EACH, guests)
    event_id = add_event(database.engine, faces)
    add_guests(database.engine, event_id, selfies)
    with database.engine.begin() as connection:
        connection.execute(text("INSERT INTO matcher.settlements (event_id) VALUES (:event)"), {"event": event_id})
    database.settle()
    store, limits, found = SettlementStore(database.engine), Limits(), {}
    for turn in ("first", "again"):
        job = store.claim(0, 0)
        assert job
        times = [time.perf_counter()]
        event = store.read(job, 10**9)
        assert event
        times.append(time.perf_counter())
        used_s = time.process_time()
        matches = match(event.faces, event.people, event.refusals, limits)
        used_s = time.process_time() - used_s
        times.append(time.perf_counter())
        removed, added = compare(event, matches)
        assert store.publish(job, event, removed, added, 0)
        times.append(time.perf_counter())
        names = ("read_ms", "rules_ms", "publish_ms")
        found |= {f"{turn}_{name}": round(ms, 1) for name, ms in zip(names, np.diff(times) * 1000, strict=True)}
        found |= {f"{turn}_rules_cpu_ms": round(used_s * 1000, 1), f"{turn}_changes": len(removed) + len(added)}
        with database.engine.begin() as connection:
            connection.execute(text("UPDATE matcher.settlements SET changes = changes + 1"))
    return found | {"matches": len(matches), "grown": sum(one.is_grown for one in matches.values())}


def make_people(count: int, guests: int) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Faces (count, 128) of guests and strangers, and the selfies of the guests (guests, 128)."""
    random = np.random.default_rng(1)
    people = _directions(random, guests * (1 + STRANGERS)) * LENGTH
    owners = random.integers(0, len(people), count)

    def show(places: npt.NDArray[np.integer]) -> npt.NDArray[np.float32]:
        # The distance of two photos of a person is the root of the summed squares of both deviations.
        deviations = random.uniform(*SPREAD, len(places)) / np.sqrt(2)
        faces: npt.NDArray[np.float32] = people[places] + _directions(random, len(places)) * deviations[:, None]
        return faces.astype("<f4")

    return show(owners), show(np.arange(guests))


def _directions(random: np.random.Generator, count: int) -> npt.NDArray[np.float64]:
    rows = random.normal(size=(count, 128))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows


if __name__ == "__main__":
    main()
