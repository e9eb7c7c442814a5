"""The demo: a fresh system, a complete event on real photos, and which photos were found."""

import json
import secrets
import tempfile
from collections.abc import Sequence
from pathlib import Path

import httpx2
from rich.console import Console
from rich.table import Table

from deploy.journey import Journey, Report, timed
from deploy.local.faults import CannotStart
from deploy.local.system import LocalSystem
from deploy.rest import Person, RestFault, add_organiser
from deploy.sample.event import sample_event
from deploy.sample.portraits import SampleFetchError

LINES_OF_A_FAULT = 40


def run(cache: Path) -> int:
    """Returns the exit code, 0 if every guest got exactly the photos they are in. The last line is JSON."""
    console = Console(highlight=False)
    steps: list[tuple[str, float]] = []
    folder = Path(tempfile.mkdtemp(prefix="minois-demo-"))
    system = LocalSystem(folder)
    try:
        with timed(console, "Fetch the sample photos", steps.append):
            sample = sample_event(cache)
        with timed(console, "Start Minois (PostgreSQL and six processes)", steps.append):
            system.start()
        journey = Journey(system.base_url, lambda organiser: _sign_in(organiser, system), sample, console)
        report = journey.walk()
        return _conclude(console, system, report, [*steps, *journey.steps])
    except (RestFault, SampleFetchError, CannotStart, httpx2.HTTPError) as fault:
        _explain(console, system, str(fault))
        return 1
    finally:
        system.stop()
        system.remove_data()


def _sign_in(organiser: Person, system: LocalSystem) -> None:
    password = secrets.token_urlsafe(12)
    add_organiser(system.data, system.env, "organiser", password)
    organiser.login("organiser", password)


def _conclude(console: Console, system: LocalSystem, report: Report, steps: Sequence[tuple[str, float]]) -> int:
    console.print(_guests_table(report), _steps_table(steps))
    is_exact = all(guest.is_exact for guest in report.guests)
    if not is_exact:
        _explain(console, system, "Not every guest got exactly the photos that they are in.")
    print(json.dumps(report.as_json()), flush=True)
    return 0 if is_exact else 1


def _explain(console: Console, system: LocalSystem, fault: str) -> None:
    lines = system.log_tail(LINES_OF_A_FAULT)
    if lines:
        console.print("\nThe end of the log:", style="bold")
    for line in lines:
        console.print(line, markup=False, soft_wrap=True)
    console.print(f"\nThe demo failed: {fault}", style="bold red", markup=False, soft_wrap=True)


def _guests_table(report: Report) -> Table:
    title = f"{report.photos} photos, {report.faces} faces"
    table = Table("guest", title=title, title_justify="left")
    for column in ("photos they are in", "found", "wrong", "upload", "selfie to matches"):
        table.add_column(column, justify="right")
    for guest in report.guests:
        colour = "green" if guest.is_exact else "red"
        counts = (f"[{colour}]{count}[/]" for count in (guest.expected, guest.matched, guest.wrong))
        table.add_row(guest.name, *counts, f"{guest.upload_ms:.0f} ms", f"{guest.wait_s:.2f} s")
    return table


def _steps_table(steps: Sequence[tuple[str, float]]) -> Table:
    table = Table("step", title="how long it took", title_justify="left")
    table.add_column("seconds", justify="right")
    for text, took_s in steps:
        table.add_row(text, f"{took_s:.2f}")
    return table
