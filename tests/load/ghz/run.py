"""`make ghz`: runs every RPC of every service under the load described in its file in `calls/`, on a fresh system."""

import argparse
import json
import shutil
import string
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from deploy.local.system import LocalSystem
from deploy.sample.event import sample_event
from tests.harness.programs import NoProgram, go_program
from tests.load.ghz.party import Party

GHZ = "github.com/bojand/ghz/cmd/ghz@v0.121.0"
CALLS = Path(__file__).parent / "calls"
ADDRESSES = {"auth": "AUTH_ADDRESS", "selfie": "SELFIE_ADDRESS", "matcher": "MATCHER_ADDRESS"}
# Limit for a run of ghz.
SLACK_S = 120
# Nothing is sent: no server listens at this address.
MAIL = {"SMTP_URL": "smtp://127.0.0.1:1", "MAIL_FROM": "minois@example.org", "PUBLIC_URL": "http://127.0.0.1"}
# ghz reads the messages through server reflection.
SETTINGS = {"LOG_LEVEL": "WARNING", "REFLECTION": "true", **MAIL}
NS_PER_MS = 1e6

console = Console(width=120)


@dataclass(frozen=True)
class Figures:
    """The results of one RPC. `statuses` counts responses by gRPC status; `expected` is the status in its file."""

    name: str
    per_s: float
    ms: dict[int, float]
    statuses: dict[str, int]
    expected: str

    @property
    def errors(self) -> int:
        return sum(count for status, count in self.statuses.items() if status != self.expected)


def main() -> None:
    parser = argparse.ArgumentParser("make ghz", description=__doc__)
    parser.add_argument("--only", default="", help="call only RPCs whose name contains this")
    chosen = parser.parse_args()
    try:
        program = go_program(GHZ)
    except NoProgram as fault:
        raise SystemExit(f"make ghz: {fault}") from None
    folder = Path(tempfile.mkdtemp(prefix="minois-ghz-", dir="/tmp"))
    system = LocalSystem(folder / "data", settings=SETTINGS)
    try:
        with system:
            party = Party(system, sample_event(Path("var/sample")))
            calls = [path for path in call_files() if chosen.only.lower() in path.stem.lower()]
            figures = [run(program, path, party.values, system.env, folder) for path in calls]
    finally:
        system.remove_data()
        shutil.rmtree(folder, ignore_errors=True)
    raise SystemExit(report(figures))


def call_files() -> list[Path]:
    """The call files in the order of the run; deletions come last."""
    return sorted(
        CALLS.glob("*/*.json"), key=lambda path: (path.stem.startswith(("Delete", "Leave", "Withdraw")), path)
    )


def run(program: Path, path: Path, values: dict[str, str], env: dict[str, str], folder: Path) -> Figures:
    """Runs ghz once. Raises KeyError for an unknown `${NAME}`."""
    text = string.Template(path.read_text()).substitute(values)
    call = json.loads(text)
    config = folder / path.name
    config.write_text(text)
    address = env[ADDRESSES[call["call"].partition(".")[0]]]
    command = [str(program), f"--config={config}", "--insecure", "--format=json", address.removeprefix("dns:///")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SLACK_S, check=False)
    if not done.stdout.startswith("{"):
        raise SystemExit(f"{call['call']}: {(done.stderr or done.stdout).strip()[-500:]}")
    return read_figures(call, json.loads(done.stdout))


def read_figures(call: dict[str, Any], answer: dict[str, Any]) -> Figures:
    percentiles = {entry["percentage"]: entry["latency"] / NS_PER_MS for entry in answer["latencyDistribution"] or ()}
    expected = call.get("tags", {}).get("expect", "OK")
    return Figures(call["call"], answer["rps"], percentiles, answer["statusCodeDistribution"], expected)


def report(figures: list[Figures]) -> int:
    """Prints the table; returns the exit code, 0 if every call had its expected status."""
    table = Table(title="times in ms", title_justify="left")
    for name in ("rpc", "calls", "per s", "p50", "p95", "p99", "status", "errors"):
        table.add_column(name, justify="left" if name in ("rpc", "status") else "right")
    for row in figures:
        times = [f"{row.ms[share]:.1f}" if share in row.ms else "" for share in (50, 95, 99)]
        count = sum(row.statuses.values())
        table.add_row(row.name, str(count), f"{row.per_s:.0f}", *times, ", ".join(describe(row)), str(row.errors))
    console.print(table)
    failed = [row.name for row in figures if row.errors]
    console.print(f"{len(figures)} rpcs, errors in {len(failed)}{': ' if failed else ''}{', '.join(failed)}.")
    print(json.dumps({row.name: {"per_s": round(row.per_s), "errors": row.errors} for row in figures}))
    return 1 if failed else 0


def describe(row: Figures) -> Iterator[str]:
    for status, count in row.statuses.items():
        yield status if len(row.statuses) == 1 else f"{status} {count}"


if __name__ == "__main__":
    main()
