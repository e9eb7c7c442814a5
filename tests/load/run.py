"""`make load`: a fresh system with the real engine and an event of 500 photos under the load of a party."""

import argparse
import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from deploy.local.system import LocalSystem
from deploy.rest import Person, add_organiser
from deploy.sample.event import SamplePhoto, load_photos
from tests.load.pages import PageCounts

PHOTOS = 500
BATCH = 50
PAGES = "pages.json"
ORGANISER, PASSWORD = "load-organiser", "only for this run"

# Times of the previous system in milliseconds, from its documentation.
OLD_MS = {
    "/api/upload-selfie": "300",
    "/api/check-event-code": "100",
    "/api/check-user-availability": "300",
    "/api/login": "800",
    "/api/register-with-event-code": "3000",
    "selfie to matches": "32000-43000",
}
MAX_UPLOAD_P95_MS = 50
MAX_JOURNEY_P95_MS = 5000

console = Console(width=110)


def main() -> None:
    parser = argparse.ArgumentParser("make load", description=__doc__)
    parser.add_argument("--time", default="5m", help="how long, such as 1m")
    parser.add_argument("--users", type=int, default=30)
    parser.add_argument("--photos", type=int, default=PHOTOS)
    chosen = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="minois-load-", dir="/tmp"))
    system = LocalSystem(
        folder / "data",
        replicas={"indexer": 2},
        settings={
            "LOG_LEVEL": "WARNING",
            "RATE_SELFIES": "none",
            "RATE_SELFIE_MB": "none",
            "RATE_ADDRESS_SELFIES": "none",
            "RATE_AVAILABILITY": "none",
        },
    )
    try:
        with system:
            code, expected = prepare(system, chosen.photos)
            rows = run_locust(system, folder, code, expected, chosen.time, chosen.users)
            pages = PageCounts.read(folder / PAGES)
        raise SystemExit(report(rows, pages, chosen.users, chosen.time))
    finally:
        system.remove_data()
        shutil.rmtree(folder, ignore_errors=True)


def prepare(system: LocalSystem, count: int) -> tuple[str, Mapping[str, int]]:
    """Creates an event with `count` indexed photos; returns its code and the number of photos of each person."""
    add_organiser(system.data, system.env, ORGANISER, PASSWORD)
    photos: Counter[str] = Counter()
    with Person(system.base_url) as organiser, Progress(console=console) as progress:
        organiser.login(ORGANISER, PASSWORD)
        event = organiser.create_event("Load")
        uploading = progress.add_task("photos uploaded", total=count)
        indexing = progress.add_task("photos indexed", total=count)
        for batch in in_batches(load_photos(Path("var/sample"), count)):
            organiser.upload_photos(event["id"], batch)
            photos.update(person for photo in batch for person in photo.people)
            progress.advance(uploading, len(batch))
        while (state := organiser.event(event["id"])["photos"])["pending"]:
            progress.update(indexing, completed=state["indexed"])
            time.sleep(1)
        progress.update(indexing, completed=state["indexed"])
        if state["indexed"] != count:
            raise SystemExit(f"{state['failed']} of {count} photos could not be read")
    return event["event_code"], photos


def run_locust(
    system: LocalSystem, folder: Path, code: str, expected: Mapping[str, int], duration: str, users: int
) -> list[dict[str, str]]:
    """Runs locust and returns the rows of its statistics."""
    command = [sys.executable, "-m", "locust", "-f", "tests/load/locustfile.py", f"--host={system.base_url}"]
    command += [f"--users={users}", "--spawn-rate=5", f"--run-time={duration}", "--headless", "--only-summary"]
    command += ["--html=results.html", f"--csv={folder / 'load'}", "--loglevel=ERROR", "--stop-timeout=60"]
    settings = {"EVENT_CODE": code, "EXPECTED": json.dumps(expected), "PYTHONPATH": "."}
    settings["PAGES_FILE"] = str(folder / PAGES)
    console.print(f"{users} guests for {duration} ...")
    subprocess.run(command, env={**os.environ, **settings}, stdout=subprocess.DEVNULL, check=False)
    with (folder / "load_stats.csv").open() as file:
        return list(csv.DictReader(file))


def report(rows: list[dict[str, str]], pages: PageCounts, users: int, duration: str) -> int:
    """Prints the table; returns the exit code, 0 if nothing failed, uploads were fast and every page stayed open."""
    table = Table(title=f"{users} guests for {duration}, times in ms", title_justify="left")
    for name in ("what", "count", "failed", "median", "p95", "p99", "before"):
        table.add_column(name, justify="left" if name == "what" else "right")
    for row in rows:
        name = row["Name"]
        figures = [row["Request Count"], row["Failure Count"], row["50%"], row["95%"], row["99%"]]
        table.add_row(name, *figures, OLD_MS.get(name, ""))
    console.print(table)
    by_name = {row["Name"]: row for row in rows}
    total, upload = by_name["Aggregated"], by_name["/api/upload-selfie"]
    journey = by_name["selfie to matches"]
    result = {
        "users": users,
        "requests": int(total["Request Count"]),
        "failures": int(total["Failure Count"]),
        "uploads": int(upload["Request Count"]),
        "upload_p95_ms": int(upload["95%"]),
        "selfie_to_matches_p50_ms": int(journey["50%"]),
        "selfie_to_matches_p95_ms": int(journey["95%"]),
        "pages_opened": pages.opened,
        "pages_that_stayed_open": pages.stayed_open,
        "hints": pages.hints,
    }
    stayed = pages.stayed_open == pages.opened == users and pages.hints > 0
    console.print(f"{pages.stayed_open} of {users} pages stayed open and got {pages.hints} hints.")
    reached = not result["failures"] and result["upload_p95_ms"] < MAX_UPLOAD_P95_MS
    console.print(f"No failure, uploads p95 under {MAX_UPLOAD_P95_MS} ms: {'reached' if reached else 'MISSED'}.")
    fast = result["selfie_to_matches_p95_ms"] < MAX_JOURNEY_P95_MS
    console.print(f"Selfie to matches p95 under {MAX_JOURNEY_P95_MS / 1000:g} s: {'reached' if fast else 'not yet'}.")
    print(json.dumps(result))
    return 0 if reached and stayed else 1


def in_batches(photos: Iterator[SamplePhoto]) -> Iterator[list[SamplePhoto]]:
    while batch := list(islice(photos, BATCH)):
        yield batch


if __name__ == "__main__":
    main()
