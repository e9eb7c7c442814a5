"""`make chaos`: the whole system while it is killed, and set arithmetic over everything that it accepted."""

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
from tests.chaos.faults import Faults, told
from tests.chaos.party import GUESTS, REPLICAS, VIOLATIONS, Party
from tests.chaos.points import AMBIGUOUS, POINTS, count_deaths, deadly

POINTS_PATIENCE_S = 420.0
HARDER, HARDER_AFTER_S = 1.5, 30.0  # so many times as deadly after so long
REAL_PATIENCE_S = 120.0
SAMPLE = Path("var/sample")


def main() -> None:
    parser = argparse.ArgumentParser("make chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--patience", type=float, default=900, help="most seconds for the kills")
    parser.add_argument("--each", type=int, default=10, help="how often to die at each failpoint")
    parser.add_argument("--rounds", type=int, default=20, help="how often to restart every process in order")
    parser.add_argument("--real", type=int, default=24, help="how many of the kills to make again with the real engine")
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
    """Random faults, and one commit and one rpc of a hundred that happened although the caller saw an error."""
    started = time.monotonic()
    with Party(twin, AMBIGUOUS, guests, album) as party:
        faults = Faults(party.system, party.folder, kills, party.lease_s, ages_photos=not twin)
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
    """Deaths at every failpoint, until there were `each` at every one. Who starts again dies only at those that still
    miss some, and the longer it takes, the more surely; who has lived for long is made to start again for that."""
    started = time.monotonic()
    # Two matchers, so that one takes photos while the other starts again: many points are met with new photos alone.
    with Party(replicas={**REPLICAS, "matcher": 2}) as party:
        _start_anew(party, deadly())  # only now: a process that died before it was ready would end the start
        lives = Lives(party)
        while time.monotonic() - started < patience_s:
            missing = _missing(count_deaths(party.system.log_path), each)
            if not missing:
                break
            party.arm(deadly(missing, HARDER ** ((time.monotonic() - started) / HARDER_AFTER_S)))
            lives.end_longest()
            time.sleep(1)
        deaths = count_deaths(party.system.log_path)
        _start_anew(party, "")
        violations = party.end()
        tell(party)
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
    """Since when the processes of a party live."""

    def __init__(self, party: Party) -> None:
        self._party = party
        self._begun: dict[str, tuple[int, float]] = {}
        self._struck_at = time.monotonic()

    def end_longest(self) -> None:
        """Kills who has lived longest, where that is long; not all at once, since nobody would serve meanwhile."""
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


def _start_anew(party: Party, failpoints: str) -> None:
    party.arm(failpoints)
    for name in party.services:
        party.system.kill(name, signal.SIGKILL)


def _missing(deaths: Counter[str], each: int) -> list[str]:
    return [point for point in POINTS if deaths[point] < each]


def run_restarts(rounds: int) -> Mapping[str, Any]:
    """Every process ends in order and starts again, `rounds` times, with the real face engine."""
    started = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="mn-rolling-", dir="/tmp"))
    system = LocalSystem(folder / "data", replicas=rolling.REPLICAS, settings=rolling.SETTINGS, max_backoff_s=0.5)
    try:
        with system:
            result = rolling.run_rolling(system, sample_event(SAMPLE), rounds)
    finally:
        system.remove_data()
        shutil.rmtree(folder, ignore_errors=True)
    for fault in (*result.told.failed[:20], *result.killed):
        print(fault)
    return {
        "rounds": rounds,
        "restarts": len(result.stops_s),
        "calls": result.told.calls.total(),
        "failed": len(result.told.failed),
        "killed_by_force": len(result.killed),
        "lost": result.unsettled + result.spoiled,
        "longest_stop_s": result.stops_s[0][0],
        "duration_s": round(time.monotonic() - started),
    }


def tell(party: Party) -> None:
    """Prints what is wrong, if anything is, and keeps what all processes said."""
    for example in party.ledger.examples:
        print(example)
    if party.ledger.violations:
        print("\n".join(party.system.log_tail(40)))
        print(f"All that was said: {shutil.copy(party.system.log_path, party.folder.with_suffix('.log'))}")


def is_violated(result: Mapping[str, Any]) -> bool:
    return any(result[kind] for kind in VIOLATIONS)


if __name__ == "__main__":
    main()
