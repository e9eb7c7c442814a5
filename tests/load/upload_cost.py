"""`python -m tests.load.upload_cost`: processor time of one selfie upload, by process and by size of the selfie.

The workers are stopped, and the processor time of the idle system is subtracted.
"""

import argparse
import json
import os
import shutil
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import psutil
import uvloop

from deploy.local.system import LocalSystem
from deploy.sample.event import load_selfies
from tests.load.overload import SIZES_MB, Outcome, Uploads, pad, register_guests

UPLOADS = 200
WARM_UP = 50
IDLE_S = 5.0
SERVING = ("gateway", "selfie", "postgres")  # the processes that an upload waits for
WORKERS = ("selfie-worker", "indexer")


def main() -> None:
    parser = argparse.ArgumentParser("upload_cost", description=__doc__)
    parser.add_argument("--sizes", type=float, nargs="+", default=SIZES_MB, help="selfie sizes in millions of bytes")
    parser.add_argument("--uploads", type=int, default=UPLOADS, help="uploads of each size")
    parser.add_argument("--clients", type=int, default=1, help="number of concurrent clients")
    chosen = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="minois-cost-", dir="/tmp"))
    system = LocalSystem(
        folder / "data", settings=dict.fromkeys(("RATE_SELFIES", "RATE_SELFIE_MB", "RATE_ADDRESS_SELFIES"), "none")
    )
    try:
        with system:
            _, jpeg = next(iter(load_selfies(Path(os.environ.get("MINOIS_DATA", "var")) / "sample")))
            tokens = register_guests(system)
            for name in WORKERS:
                system.stop_one(name)
            for size_mb in chosen.sizes:
                uploads = Uploads(system.base_url, tokens, pad(jpeg, size_mb))
                print(json.dumps({"mb": size_mb, **measure(system, uploads, chosen.uploads, chosen.clients)}))
    finally:
        system.remove_data()
        shutil.rmtree(folder, ignore_errors=True)


def measure(system: LocalSystem, uploads: Uploads, count: int, clients: int) -> dict[str, float]:
    """Milliseconds of processor time per upload, of each process with its children, and response times."""
    uvloop.run(uploads.closed_loop(clients, count=WARM_UP))
    idle_from = read_processor_s(system)
    time.sleep(IDLE_S)
    before = read_processor_s(system)
    outcome: Outcome = uvloop.run(uploads.closed_loop(clients, count=count))
    after = read_processor_s(system)
    if len(outcome.accepted_ms) < count:
        raise SystemExit(f"{count - len(outcome.accepted_ms)} of {count} uploads were not accepted.")
    idle_s = {name: (before[name] - idle_from[name]) * outcome.elapsed_s / IDLE_S for name in SERVING}
    cost_ms = {name: (after[name] - before[name] - idle_s[name]) * 1000 / count for name in SERVING}
    return {
        "upload_ms": round(sum(cost_ms.values()), 2),
        **{name: round(cost_ms[name], 2) for name in SERVING},
        "p50_ms": round(outcome.p(0.5), 1),
        "p99_ms": round(outcome.p(0.99), 1),
    }


def read_processor_s(system: LocalSystem) -> dict[str, float]:
    """Processor time of each process with all of its children, including those that have ended."""
    return {name: _tree_s(system.processes[name].pid or 0) for name in SERVING}


def _tree_s(pid: int) -> float:
    root = psutil.Process(pid)
    return sum(_processor_s([root, *root.children(recursive=True)]))


def _processor_s(processes: Sequence[psutil.Process]) -> list[float]:
    spent_s = []
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            spent_s.append(times.user + times.system + times.children_user + times.children_system)
    return spent_s


if __name__ == "__main__":
    main()
