"""A large event searched by a process that has nothing of it in memory: how long its load takes, and at what memory.

Each size is loaded by a process of its own with a PostgreSQL whose caches are warm.
"""

import json
import subprocess
import sys
import time
from pathlib import Path
from uuid import UUID

from kit.db import create_db
from matcher_service.index import FACE_BYTES, Index
from matcher_service.store import FaceStore
from tests.bench.database import BenchDatabase, add_event, make_encodings

SIZES = (120_000, 600_000)
MEMORY_MB = 512
MB = 1024 * 1024


def run(database: BenchDatabase, sizes: tuple[int, ...] = SIZES) -> dict[str, dict[str, float]]:
    """By number of faces: milliseconds, megabytes that the process grew by at its peak, and of those the index."""
    found = {}
    for size in sizes:
        event_id = add_event(database.engine, make_encodings(size))
        database.settle()
        command = [sys.executable, "-W", "ignore", "-m", "tests.bench.bench_load", database.url, str(event_id)]
        loaded = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
        assert loaded.pop("faces") == size
        found[str(size)] = {**loaded, "index_mb": round(size * FACE_BYTES / MB, 1)}
    return found


def load(url: str, event_id: UUID) -> dict[str, float]:
    store = FaceStore(create_db(url, 1, 0, "bench-load"))
    index = Index(store.find_version, store.count, store.read_page, MEMORY_MB)
    store.find_version(event_id)  # the connection is there
    before_mb = peak_mb()
    started = time.perf_counter()
    faces = index.use(event_id)
    taken_ms = (time.perf_counter() - started) * 1000
    assert faces is not None
    return {"faces": len(faces), "ms": round(taken_ms), "peak_mb": round(peak_mb() - before_mb, 1)}


def peak_mb() -> float:
    """The most memory that this process has had; `ru_maxrss` would count that of the process that started it."""
    status = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024


if __name__ == "__main__":
    print(json.dumps(load(sys.argv[1], UUID(sys.argv[2]))))
