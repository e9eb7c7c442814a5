"""`make chaos`: kills the processes of a running system and verifies that no accepted work is lost."""

import argparse
import json
import shutil
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deploy.local.system import LocalSystem
from deploy.sample.event import sample_event
from tests.chaos import rolling
from tests.chaos.album import Album, RealAlbum
from tests.chaos.faults import Faults, summarise
from tests.chaos.party import GUESTS, REPLICAS, VIOLATIONS, Party
from tests.chaos.points import AMBIGUOUS, POINTS, count_deaths, deadly

POINTS_PATIENCE_S = 420.0
HARDER, HARDER_AFTER_S = 1.5, 30.0  # failpoints become 1.5 times as deadly every 30 s
REAL_PATIENCE_S = 120.0
SAMPLE = Path("var/sample")


def main() -> None:
    parser = argparse.ArgumentParser("make chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--patience", type=float, default=900, help="time limit for the kills, in seconds")
    parser.add_argument("--each", type=int, default=10, help="deaths at each failpoint")
    parser.add_argument("--rounds", type=int, default=20, help="orderly restarts of every process")
    parser.add_argument("--real", type=int, default=24, help="further kills with the real engine")
    parser.add_argument("--twin", default="", help="run only this broken twin of tests/chaos/twins.py")
    chosen = parser.parse_args()
    if chosen.twin:
        result = run_kills(chosen.kills, chosen.patience, chosen.twin)
        print(json.dumps(result))
        raise SystemExit(is_violated(result))
    failed = False
    if chosen.each:
        points = run_points(chosen.each, POINTS_PATIENCE_S)
        print(json.dumps({"failpoints": points}), flush=True)
        failed |= any(points["violations"].values()) or points["fewest_deaths"] < chosen.each
    if chosen.rounds:
        restarts = run_restarts(chosen.rounds)
        print(json.dumps({"restarts": restarts}), flush=True)
        failed |= any(restarts[fault] for fault in ("failed", "killed_by_force", "lost"))
    if chosen.real:
        real = run_kills(chosen.real, REAL_PATIENCE_S, guests=6, album=RealAlbum(sample_event(SAMPLE)))
        print(json.dumps({"real_engine": real}), flush=True)
        failed |= is_violated(real)
    result = run_kills(chosen.kills, chosen.patience)
    print(json.dumps(result))
    raise SystemExit(failed or is_violated(result))


def run_kills(
    kills: int, patience_s: float, twin: str = "", guests: int = GUESTS, album: Album | None = None
) -> Mapping[str, Any]:
    """Random faults; in addition, one commit and one RPC of a hundred succeed although the caller sees an error."""
    started = time.monotonic()
    with Party(twin, AMBIGUOUS, guests, album) as party:
        faults = Faults(party.system, party.folder, kills, party.lease_s, ages_photos=not twin)
        faults.run(patience_s)
        violations = party.end()
        print_faults(party)
        return {
            **summarise(faults),
            "accepted": party.ledger.accepted,
            "gallery_reads": sum(reader.count for reader in party.readers),
            "repeated_calls": dict(party.repeated),
            **violations,
            "duration_s": round(time.monotonic() - started),
        }


def run_points(each: int, patience_s: float) -> Mapping[str, Any]:
    """Lets processes die until every failpoint has had `each` deaths. A restarted process dies only where deaths
    are missing, with a rising chance; processes that have run for long are killed to rearm them."""
    started = time.monotonic()
    # Two matchers, so that one accepts photos while the other restarts: many failpoints are hit by new photos only.
    with Party(replicas={**REPLICAS, "matcher": 2}) as party:
        _restart_all(party, deadly())  # not earlier: a process that died before it was ready would abort the start
        lives = Lives(party)
        while time.monotonic() - started < patience_s:
            missing = _missing(count_deaths(party.system.log_path), each)
            if not missing:
                break
            party.arm(deadly(missing, HARDER ** ((time.monotonic() - started) / HARDER_AFTER_S)))
            lives.end_longest()
            time.sleep(1)
        deaths = count_deaths(party.system.log_path)
        _restart_all(party, "")
        violations = party.end()
        print_faults(party)
        return {
            "points": len(POINTS),
            "deaths": deaths.total(),
            "fewest_deaths": min(deaths[point] for point in POINTS),
            "deaths_by_point": {point: deaths[point] for point in POINTS},
            "accepted": party.ledger.accepted,
            "violations": violations,
            "duration_s": round(time.monotonic() - started),
        }


class Lives:
    """Tracks since when each process of a party has been running."""

    def __init__(self, party: Party) -> None:
        self._party = party
        self._begun: dict[str, tuple[int, float]] = {}
        self._struck_at = time.monotonic()

    def end_longest(self) -> None:
        """Kills the longest-running process if it has run for long; one at a time, so that the others still serve."""
        now = time.monotonic()
        for name in self._party.services:
            deaths = self._party.system.processes[name].deaths
            if self._begun.get(name, (-1, now))[0] != deaths:
                self._begun[name] = (deaths, now)
        name, (_, begun_at) = min(self._begun.items(), key=lambda life: life[1][1])
        is_due = now - self._struck_at > HARDER_AFTER_S / len(self._begun)
        if is_due and now - begun_at > HARDER_AFTER_S:
            self._struck_at = now
            self._party.system.kill(name, signal.SIGKILL)


def _restart_all(party: Party, failpoints: str) -> None:
    party.arm(failpoints)
    for name in party.services:
        party.system.kill(name, signal.SIGKILL)


def _missing(deaths: Counter[str], each: int) -> list[str]:
    return [point for point in POINTS if deaths[point] < each]


def run_restarts(rounds: int) -> Mapping[str, Any]:
    """Stops and starts every process in turn, `rounds` times, with the real face engine."""
    started = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="mn-rolling-", dir="/tmp"))
    system = LocalSystem(folder / "data", replicas=rolling.REPLICAS, settings=rolling.SETTINGS, max_backoff_s=0.5)
    try:
        with system:
            result = rolling.run_rolling(system, sample_event(SAMPLE), rounds)
    finally:
        system.remove_data()
        shutil.rmtree(folder, ignore_errors=True)
    for fault in (*result.load.failed[:20], *result.killed):
        print(fault)
    return {
        "rounds": rounds,
        "restarts": len(result.stops_s),
        "calls": result.load.calls.total(),
        "failed": len(result.load.failed),
        "killed_by_force": len(result.killed),
        "lost": result.unsettled + result.spoiled,
        "longest_stop_s": result.stops_s[0][0],
        "duration_s": round(time.monotonic() - started),
    }


def print_faults(party: Party) -> None:
    """Prints the violations, if there are any, and keeps the log of all processes."""
    for example in party.ledger.examples:
        print(example)
    if party.ledger.violations:
        print("\n".join(party.system.log_tail(40)))
        print(f"The complete log: {shutil.copy(party.system.log_path, party.folder.with_suffix('.log'))}")


def is_violated(result: Mapping[str, Any]) -> bool:
    return any(result[kind] for kind in VIOLATIONS)


if __name__ == "__main__":
    main()
