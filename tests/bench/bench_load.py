"""The time and memory to load large events into the index of a process that starts cold.

A separate process loads each row, from a PostgreSQL with warm caches.
"""

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

from kit.db.engine import create_db
from matcher_service.index import FACE_BYTES, Index
from matcher_service.store import FaceStore
from tests.bench.database import VAULT, BenchDatabase, add_event, make_encodings

# Faces of an event, and the number of such events that are loaded concurrently.
LOADS = ((120_000, 1), (600_000, 1), (120_000, 4))
MEMORY_MB = 512
MB = 1024 * 1024


def run(database: BenchDatabase, loads: tuple[tuple[int, int], ...] = LOADS) -> dict[str, dict[str, float]]:
    """By number of faces: milliseconds, peak growth of the process in megabytes, and the share of the index."""
    found = {}
    for size, count in loads:
        events = [add_event(database.engine, make_encodings(size)) for _ in range(count)]
        database.settle()
        command = [sys.executable, "-W", "ignore", "-m", "tests.bench.bench_load", database.url, *map(str, events)]
        loaded = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
        assert loaded.pop("faces") == size * count
        name = str(size) if count == 1 else f"{count}x{size}"
        found[name] = {**loaded, "index_mb": round(size * count * FACE_BYTES / MB, 1)}
    return found


def load(url: str, events: Sequence[UUID]) -> dict[str, float]:
    """Loads all events concurrently, each for its own caller."""
    store = FaceStore(create_db(url, len(events), 0, "bench-load", VAULT))
    index = Index(store.find_version, store.count, store.read_page, MEMORY_MB)
    with ThreadPoolExecutor(len(events)) as callers:
        list(callers.map(store.find_version, events))  # opens the connections
        before_mb = peak_mb()
        started = time.perf_counter()
        loaded = list(callers.map(index.use, events))
        taken_ms = (time.perf_counter() - started) * 1000
    faces = sum(len(one) for one in loaded if one is not None)
    return {"faces": faces, "ms": round(taken_ms), "peak_mb": round(peak_mb() - before_mb, 1)}


def peak_mb() -> float:
    """The peak memory of this process; `ru_maxrss` would include that of its parent."""
    status = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024


if __name__ == "__main__":
    print(json.dumps(load(sys.argv[1], [UUID(event) for event in sys.argv[2:]])))
