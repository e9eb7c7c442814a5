"""`make chaos`: the whole system while it is killed, and set arithmetic over everything that it accepted."""

import argparse
import json
import time
from collections.abc import Mapping
from typing import Any

from tests.chaos.faults import Faults, told
from tests.chaos.party import LEASE_S, Party
from tests.chaos.points import AMBIGUOUS, POINTS, count_deaths, deadly

POINTS_PATIENCE_S = 600.0


def main() -> None:
    parser = argparse.ArgumentParser("make chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--patience", type=float, default=900, help="most seconds for the kills")
    parser.add_argument("--each", type=int, default=10, help="how often to die at each failpoint")
    parser.add_argument("--twin", default="", help="run only this broken twin of tests/chaos/twins.py")
    chosen = parser.parse_args()
    if chosen.twin:
        raise SystemExit(report(run_kills(chosen.kills, chosen.patience, chosen.twin)))
    points = run_points(chosen.each, POINTS_PATIENCE_S) if chosen.each else {}
    print(json.dumps({"failpoints": points}), flush=True)
    failed = any(points.get("violations", {}).values()) or points.get("fewest_deaths", 0) < chosen.each
    raise SystemExit(report(run_kills(chosen.kills, chosen.patience)) or failed)


def run_kills(kills: int, patience_s: float, twin: str = "") -> Mapping[str, Any]:
    """Random faults, and one commit and one rpc of a hundred that happened although the caller saw an error."""
    started = time.monotonic()
    with Party(twin, AMBIGUOUS) as party:
        faults = Faults(party.system, party.folder, kills, LEASE_S)
        faults.run(patience_s)
        violations = party.end()
        tell(party)
        return {
            **told(faults),
            "accepted": party.ledger.accepted,
            "gallery_reads": sum(reader.count for reader in party.readers),
            "repeated_calls": dict(party.repeated),
            **violations,
            "duration_s": round(time.monotonic() - started),
        }


def run_points(each: int, patience_s: float) -> Mapping[str, Any]:
    """Deaths at every failpoint, until there were `each` at every one."""
    started = time.monotonic()
    with Party(failpoints=deadly()) as party:
        while time.monotonic() - started < patience_s:
            deaths = count_deaths(party.system.log_path)
            if all(deaths[point] >= each for point in POINTS):
                break
            time.sleep(1)
        violations = party.end()
        tell(party)
        deaths = count_deaths(party.system.log_path)
        return {
            "points": len(POINTS),
            "deaths": deaths.total(),
            "fewest_deaths": min(deaths[point] for point in POINTS),
            "deaths_by_point": {point: deaths[point] for point in POINTS},
            "accepted": party.ledger.accepted,
            "violations": violations,
            "duration_s": round(time.monotonic() - started),
        }


def tell(party: Party) -> None:
    """Prints what is wrong, if anything is."""
    for example in party.ledger.examples:
        print(example)
    if party.ledger.violations:
        print("\n".join(party.system.log_tail(40)))


def report(result: Mapping[str, Any]) -> int:
    """Prints the last line; 0 when nothing was violated."""
    print(json.dumps(result))
    return int(
        any(result[kind] for kind in ("lost", "duplicates", "half_reads", "stale_writes", "wrong_sets", "stuck"))
    )


if __name__ == "__main__":
    main()
