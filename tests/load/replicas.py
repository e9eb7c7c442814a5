"""`make replicas`: the same work for one and for two processes of each kind, with one database, on this machine.

Two processes cannot be faster than the processors they share, so the table also has the processor time per operation:
if it does not grow with the number of processes, further machines add their full throughput.
"""

import argparse
import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import uvloop
from rich.console import Console
from rich.table import Table

from deploy.local.processes import PROCESSES
from deploy.local.system import LocalSystem
from deploy.rest import add_organiser
from tests.load.processors import processor_s
from tests.load.replica_work import ORGANISER, PASSWORD, PHASES, Phase, Work

COUNTS = (1, 2)
# Ten processes with a database: (3 + 3 + 2) connections each, of the 92 that PostgreSQL has for them.
SETTINGS = {
    "LOG_LEVEL": "WARNING",
    "DB_POOL_SIZE": "3",
    "DB_MAX_OVERFLOW": "3",
    "RATE_SELFIES": "none",
    "RATE_ADDRESS_SELFIES": "none",
    "RATE_GUESTS": "none",
}
KINDS = [kind.name for kind in PROCESSES]
Times = Mapping[str, Mapping[str, float]]

console = Console(width=120)


def main() -> None:
    parser = argparse.ArgumentParser("make replicas", description=__doc__)
    parser.add_argument("--events", type=int, default=6)
    parser.add_argument("--photos", type=int, default=6, help="per event")
    parser.add_argument("--guests", type=int, default=3, help="per event")
    parser.add_argument("--reads", type=int, default=600, help="total of all guests")
    chosen = parser.parse_args()
    phases, times = {}, {}
    for count in COUNTS:
        console.print(f"{count} of each process ...")
        phases[count], times[count] = measure(count, Work(chosen.events, chosen.photos, chosen.guests, chosen.reads))
    raise SystemExit(report(phases, times))


def measure(count: int, work: Work) -> tuple[Mapping[str, Phase], Mapping[str, Times]]:
    """The results of each phase, and the processor seconds of each process by phase, kind and name."""
    folder = Path(tempfile.mkdtemp(prefix="minois-replicas-", dir="/tmp"))
    replicas = dict.fromkeys(KINDS, count)
    system = LocalSystem(folder / "data", replicas=replicas, settings=SETTINGS)
    phases, times = {}, {}
    try:
        with system:
            add_organiser(system.data, system.env, ORGANISER, PASSWORD)
            uvloop.run(work.prepare(system.base_urls))
            for name in PHASES:
                before = spent(system)
                phases[name] = uvloop.run(work.run(name, system.base_urls))
                after = spent(system)
                times[name] = {
                    kind: {process: after[process] - before[process] for process in after if kind_of(process) == kind}
                    for kind in [*KINDS, "postgres"]
                }
    finally:
        system.remove_data()
        shutil.rmtree(folder, ignore_errors=True)
    return phases, times


def spent(system: LocalSystem) -> dict[str, float]:
    return {name: processor_s(process.pid) for name, process in system.processes.items() if process.pid}


def kind_of(process: str) -> str:
    """`matcher-2` is a matcher."""
    name, _, number = process.rpartition("-")
    return name if number.isdecimal() else process


def report(phases: Mapping[int, Mapping[str, Phase]], times: Mapping[int, Mapping[str, Times]]) -> int:
    """Prints the tables; returns the exit code, 0 if nothing failed and every gallery was exact."""
    console.print(throughput_table(phases))
    console.print(processor_table(phases, times))
    failed = {count: sum(phase.errors.total() for phase in phases[count].values()) for count in COUNTS}
    wrong = {count: phases[count]["reads"].wrong_galleries for count in COUNTS}
    console.print(f"Errors: {failed}; galleries that are not exact: {wrong}.")
    print(json.dumps({count: {name: phase.figures() for name, phase in phases[count].items()} for count in COUNTS}))
    return 1 if any(failed.values()) or any(wrong.values()) else 0


def throughput_table(phases: Mapping[int, Mapping[str, Phase]]) -> Table:
    table = Table(title="The same work", title_justify="left")
    for name in ("what", "1 of each", "2 of each", "ratio"):
        table.add_column(name, justify="left" if name == "what" else "right")
    for phase in PHASES:
        first, second = (phases[count][phase].figures() for count in COUNTS)
        for figure, value in first.items():
            ratio = f"{second[figure] / value:.2f}" if value else ""
            table.add_row(f"{phase}: {figure}", f"{value:g}", f"{second[figure]:g}", ratio)
    return table


def processor_table(phases: Mapping[int, Mapping[str, Phase]], times: Mapping[int, Mapping[str, Times]]) -> Table:
    title = "Processor ms per operation: 1 of each, 2 of each, shares of the two (all: ratio)"
    table = Table(title=title, title_justify="left")
    for name in ("process", *PHASES):
        table.add_column(name, justify="left" if name == "process" else "right")
    each = {
        (count, phase, kind): sum(spent.values()) * 1000 / phases[count][phase].operations
        for count in COUNTS
        for phase in PHASES
        for kind, spent in times[count][phase].items()
    }
    for kind in [*KINDS, "postgres"]:
        cells = (
            f"{each[1, phase, kind]:.1f}  {each[2, phase, kind]:.1f}  {shares(times, phase, kind)}" for phase in PHASES
        )
        table.add_row(kind, *cells)
    totals = [[sum(each[count, phase, kind] for kind in times[count][phase]) for count in COUNTS] for phase in PHASES]
    table.add_row("all", *(f"{one:.1f}  {two:.1f}  {two / one:.2f}" for one, two in totals), style="bold")
    return table


def shares(times: Mapping[int, Mapping[str, Times]], phase: str, kind: str) -> str:
    """The shares of the two processes in their processor time, in percent."""
    spent_s = times[2][phase][kind].values()
    return "/".join(f"{value / (sum(spent_s) or 1):.0%}" for value in spent_s)


if __name__ == "__main__":
    main()
