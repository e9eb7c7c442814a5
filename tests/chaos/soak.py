"""`make soak`: a party without faults whose clients often disconnect; reports what grows.

Memory, threads and open files of each process (with its engine) are sampled every few seconds; the report holds their
slopes in the second half of the run.
"""

import argparse
import json
import socket
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from threading import Event, Thread
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import psutil
from rich.console import Console
from rich.table import Table

from deploy.local.system import LocalSystem
from tests.chaos.party import VIOLATIONS, Party

GUESTS = 10
SAMPLE_EVERY_S = 5.0
UPLOAD = (
    b"POST /api/upload-selfie HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Length: 1000000\r\n"
    b"Content-Type: multipart/form-data; boundary=b\r\n\r\n"
    b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n' + bytes(100_000)
)
STREAM = b"GET /api/rematch-events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n"
GALLERY = b"GET /api/my-photos?limit=200 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n"

# A larger slope would matter within a day; a smaller one may be noise.
MAX_SLOPES = {"memory_mb": 10.0, "threads": 1.0, "files": 1.0}  # per hour

Reading = Mapping[str, Mapping[str, float]]


def main() -> None:
    parser = argparse.ArgumentParser("make soak", description=__doc__)
    parser.add_argument("--time", type=float, default=1800, help="how long, in seconds")
    chosen = parser.parse_args()
    times, readings = [], []
    with Party(guests=GUESTS) as party:
        vanished = vanish_until(party.stopped, party)
        started = time.monotonic()
        while (now := time.monotonic() - started) < chosen.time:
            times.append(now)
            readings.append(read_processes(party.system))
            time.sleep(SAMPLE_EVERY_S)
        violations = party.end()
        vanished.join()
        result = {
            "duration_s": round(chosen.time),
            "accepted": party.ledger.accepted,
            **violations,
            "slopes_per_hour": slopes(times, readings),
            "levels": levels(readings),
        }
    raise SystemExit(report(result))


def vanish_until(stop: Event, party: Party) -> Thread:
    """Disconnects in the middle of an upload, of a stream and of a response, repeatedly."""
    address = urlsplit(party.system.base_url)

    def vanish() -> None:
        while not stop.wait(0.2):
            for guest in list(party.ledger.guests):
                for request in (UPLOAD, STREAM, GALLERY):
                    with suppress(OSError), socket.create_connection((address.hostname, address.port), 5) as connection:
                        connection.sendall(request.replace(b"%s", guest.token.encode()))
                        connection.settimeout(0.2)
                        connection.recv(10)
                    if stop.wait(0.1):
                        return

    thread = Thread(target=vanish, daemon=True)
    thread.start()
    return thread


def read_processes(system: LocalSystem) -> Reading:
    """Readings by process and measure."""
    readings = {}
    for name, process in system.processes.items():
        parent = psutil.Process(process.pid)
        family = [parent, *(() if name == "postgres" else parent.children(recursive=True))]
        readings[name] = {
            "memory_mb": sum(member.memory_info().rss for member in family) / 1e6,
            "threads": sum(member.num_threads() for member in family),
            "files": sum(member.num_fds() for member in family),
        }
    return readings


def slopes(times_s: Sequence[float], readings: Sequence[Reading]) -> dict[str, dict[str, float]]:
    """Slopes per hour in the second half; caches and pools fill in the first.

    The Theil-Sen estimator, the median over all pairs, detects continuous growth and ignores a peak or the late
    start of a pool's last thread.
    """
    half = len(times_s) // 2
    earlier, later = np.triu_indices(len(times_s) - half, 1)
    apart_s = np.subtract(*(np.asarray(times_s[half:])[ends] for ends in (later, earlier)))
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for name, measures in readings[-1].items():
        for measure in measures:
            values = np.array([reading[name][measure] for reading in readings[half:]])
            rise = (values[later] - values[earlier]) / apart_s
            found[name][measure] = round(float(np.median(rise)) * 3600, 2)
    return dict(found)


def levels(readings: Sequence[Reading]) -> dict[str, dict[str, list[float]]]:
    """Medians of the first and the last fifth of the second half, which show whether a slope is more than noise."""
    second = readings[len(readings) // 2 :]
    fifth = max(1, len(second) // 5)
    return {
        name: {
            measure: [
                round(float(np.median([reading[name][measure] for reading in part])), 1)
                for part in (second[:fifth], second[-fifth:])
            ]
            for measure in measures
        }
        for name, measures in readings[-1].items()
    }


def report(result: Mapping[str, Any]) -> int:
    """Prints the slopes; returns the exit code, 0 if nothing grows and nothing is violated."""
    table = Table(title="Growth per hour (from and to, in the second half)", title_justify="left")
    for column in ("process", *MAX_SLOPES):
        table.add_column(column, justify="left" if column == "process" else "right")
    for name, by_measure in result["slopes_per_hour"].items():
        ends = result["levels"][name]
        cells = (f"{by_measure[measure]:g} ({ends[measure][0]:g} to {ends[measure][1]:g})" for measure in MAX_SLOPES)
        table.add_row(name, *cells)
    Console(width=110).print(table)
    print(json.dumps(result))
    grows = any(
        by_measure[measure] > limit
        for by_measure in result["slopes_per_hour"].values()
        for measure, limit in MAX_SLOPES.items()
    )
    return int(grows or any(result[kind] for kind in VIOLATIONS))


if __name__ == "__main__":
    main()
