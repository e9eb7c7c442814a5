"""`make siege`: times the visit of an honest guest on the quiet system, then during attacks."""

import argparse
import json
import os
import shutil
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from deploy.local.system import LocalSystem
from deploy.rest import Person, add_organiser
from deploy.sample.event import load_photos, load_selfies
from tests.load.siege.attacks import Plan
from tests.load.siege.guest import STEPS
from tests.load.siege.measure import Phase, Siege, as_json, join_hostile

BOUND = 3.0
PHOTOS = 20
ACCOUNTS, DRIPS, LOGINS, STREAMS = 25, 1250, 100, 200
ORGANISER, PASSWORD = "siege-organiser", "only for this run"

console = Console(width=110)


def main() -> None:
    parser = argparse.ArgumentParser("make siege", description=__doc__)
    parser.add_argument("--journeys", type=int, default=5, help="honest guests per phase")
    parser.add_argument("--only", default="", help="attacks to run, such as bombs,drips; default: all")
    parser.add_argument("--bound", type=float, default=BOUND, help="limit for the ratio to the quiet system")
    chosen = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="minois-siege-", dir="/tmp"))
    system = LocalSystem(folder / "data", settings={"LOG_LEVEL": "WARNING", "TRUSTED_PROXIES": "127.0.0.1"})
    sample = Path(os.environ.get("MINOIS_DATA", "var")) / "sample"
    try:
        with system:
            code = prepare(system, sample)
            plan = choose(
                Plan(
                    system.base_url,
                    join_hostile(system.base_url, code, ACCOUNTS),
                    bombs=ACCOUNTS,
                    noise=ACCOUNTS,
                    drips=DRIPS,
                    logins=LOGINS,
                    streams=STREAMS,
                ),
                chosen.only,
            )
            _, selfie = load_selfies(sample)[0]
            siege = Siege(system.base_url, code, selfie, chosen.journeys)
            siege.measure("warm")
            phases = siege.run(plan)
        raise SystemExit(report(phases, chosen.bound))
    finally:
        system.remove_data()
        shutil.rmtree(folder, ignore_errors=True)


def prepare(system: LocalSystem, sample: Path) -> str:
    """Creates an event, waits until its photos are indexed, and returns its code."""
    add_organiser(system.data, system.env, ORGANISER, PASSWORD)
    with Person(system.base_url) as organiser:
        organiser.login(ORGANISER, PASSWORD)
        event = organiser.create_event("Siege")
        organiser.upload_photos(event["id"], load_photos(sample, PHOTOS))
        while (state := organiser.event(event["id"])["photos"])["pending"]:
            time.sleep(0.5)
    if state["failed"]:
        raise SystemExit(f"{state['failed']} photos could not be read")
    return str(event["event_code"])


def choose(plan: Plan, only: str) -> Plan:
    if not only:
        return plan
    wanted = {kind: getattr(plan, kind) for kind in only.split(",")}
    return Plan(plan.url, plan.tokens, **wanted)


def report(phases: list[Phase], bound: float) -> int:
    """Prints the table and the JSON; returns the exit code, 1 above the bound."""
    quiet = phases[0]
    table = Table(title="Time of an honest guest, medians in seconds", title_justify="left")
    for name in ("during", *STEPS, "all", "worst", "ratio", "rejected (retry later)"):
        table.add_column(name, justify="left" if name == "during" else "right")
    for phase in phases:
        steps = [f"{phase.step_s(step):.2f}" for step in STEPS]
        figures = [f"{phase.median_s:.2f}", f"{phase.worst_s:.2f}", f"{phase.median_s / quiet.median_s:.2f}"]
        table.add_row(phase.name, *steps, *figures, str(phase.refusals))
    console.print(table)
    for phase in phases[1:]:
        for kind, answers in phase.answers.items():
            counts = ", ".join(f"{status} {number}x" for status, number in sorted(answers.items()))
            console.print(f"{phase.name}: responses to {kind}: {counts or 'none yet'}.")
    result = as_json(phases, bound)
    is_within = result["largest_ratio"] <= bound
    console.print(f"Under every attack, a guest needs at most {bound:g} times as long: {'yes' if is_within else 'NO'}.")
    print(json.dumps(result))
    return 0 if is_within else 1


if __name__ == "__main__":
    main()
