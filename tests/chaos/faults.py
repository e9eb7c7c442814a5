"""The faults: kills, pauses, restarts of the database, a full disk, a stopped matcher, outdated photos."""

import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from threading import Event, Lock, Thread

import psycopg2

from deploy.local.faults import CannotStart
from deploy.local.system import LocalSystem
from tests.chaos.aging import age_photos
from tests.chaos.disk import full_mark
from tests.chaos.engine import is_busy

# Share of all kills; workers get more, since they should be killed while they hold a claim.
SHARES = {"auth": 0.13, "selfie": 0.15, "selfie-worker": 0.21, "matcher": 0.15, "indexer": 0.21, "gateway": 0.15}
WORKERS = ("selfie-worker", "indexer")
PAUSE_SHARE = 0.08
GAP_S = (0.5, 3.0)
BUSY_WAIT_S = 5.0
ABSENCE_S = 10.0


class Faults:
    """Kills processes, each from its own thread, until each has had its share of `kills`."""

    def __init__(
        self, system: LocalSystem, folder: Path, kills: int, lease_s: float, *, ages_photos: bool = False
    ) -> None:
        self._system = system
        self._folder = folder
        self._lease_s = lease_s
        self._shares = {name: max(1, round(kills * share)) for name, share in SHARES.items()}
        self._locks = {name: Lock() for name in system.processes}
        self._count_lock = Lock()
        self.stop = Event()
        self.kills: Counter[str] = Counter()
        self.kills_with_claim = 0
        self._ages_photos = ages_photos
        self.pauses = self.db_restarts = self.full_disks = self.absences = self.agings = 0
        self.recoveries_s: list[float] = []
        self.slowest = (0.0, "")
        self.given_up: list[str] = []

    def run(self, patience_s: float) -> None:
        """Returns when every process has had its share, or after `patience_s`."""
        names = [name for name in self._system.processes if name != "postgres"]
        striking = [self._start(self._kill_repeatedly, name) for name in names]
        loops = [self._restart_database, self._fill_disk, self._stop_matcher]
        passing = [self._start(loop) for loop in (*loops, *([self._age_photos] if self._ages_photos else []))]
        ends_at = time.monotonic() + patience_s
        for thread in striking:
            thread.join(max(0.0, ends_at - time.monotonic()))
        self.stop.set()
        for thread in (*striking, *passing):
            thread.join()
        full_mark(self._folder).unlink(missing_ok=True)
        for name in self._system.processes:
            self._system.kill(name, signal.SIGCONT)
            self._system.wait_until_ready(name)

    def _start(self, run: Callable[..., None], *arguments: str) -> Thread:
        thread = Thread(target=run, args=arguments, name=f"{run.__name__} {arguments}", daemon=True)
        thread.start()
        return thread

    def _kill_repeatedly(self, name: str) -> None:
        kind = name.removesuffix("-2")
        while not self.stop.wait(random.uniform(*GAP_S)) and self.kills[kind] < self._shares[kind]:
            with self._locks[name]:
                if kind in WORKERS and random.random() < PAUSE_SHARE:
                    self._pause(name)
                else:
                    self._kill(name, kind)

    def _kill(self, name: str, kind: str) -> None:
        self._system.wait_until_ready(name)
        had_claim = kind in WORKERS and self._wait_until_busy(name)
        self.strike(name, signal.SIGKILL)
        with self._count_lock:
            self.kills[kind] += 1
            self.kills_with_claim += had_claim

    def strike(self, name: str, number: signal.Signals) -> None:
        """Sends a signal that ends the process, and waits until it is ready again."""
        process = self._system.processes[name]
        self._system.wait_until_ready(name)
        deaths, struck_at = process.deaths, time.monotonic()
        self._system.kill(name, number)
        while process.deaths == deaths and time.monotonic() - struck_at < 30:
            time.sleep(0.01)
        try:
            self._system.wait_until_ready(name, timeout_s=60)
        except CannotStart as fault:
            self.given_up.append(f"{name}: {fault}")
        self.recoveries_s.append(time.monotonic() - struck_at)
        self.slowest = max(self.slowest, (self.recoveries_s[-1], name))

    def unasked_deaths(self) -> int:
        """How often processes ended without a fault of this class."""
        died = sum(process.deaths for process in self._system.processes.values())
        return died - sum(self.kills.values()) - self.db_restarts

    def _wait_until_busy(self, name: str) -> bool:
        """Whether the worker holds a claim and works on it."""
        ends_at = time.monotonic() + BUSY_WAIT_S
        while time.monotonic() < ends_at:
            pid = self._system.processes[name].pid
            if pid is not None and is_busy(self._folder, pid):
                return True
            time.sleep(0.002)
        return False

    def _pause(self, name: str) -> None:
        """Suspends a busy worker until its lease has expired, so that another worker takes its claim."""
        self._wait_until_busy(name)
        self._system.kill(name, signal.SIGSTOP)
        time.sleep(self._lease_s + 0.5)
        self._system.kill(name, signal.SIGCONT)
        self.pauses += 1

    def _restart_database(self) -> None:
        """Like `pg_ctl stop -m immediate`."""
        while not self.stop.wait(random.uniform(15, 30)):
            self.strike("postgres", signal.SIGQUIT)
            self.db_restarts += 1

    def _fill_disk(self) -> None:
        while not self.stop.wait(random.uniform(5, 15)):
            full_mark(self._folder).touch()
            self.stop.wait(1)
            full_mark(self._folder).unlink()
            self.full_disks += 1

    def _stop_matcher(self) -> None:
        while not self.stop.wait(random.uniform(40, 80)):
            with self._locks["matcher"], suppress(CannotStart):
                self._system.stop_one("matcher")
                self.stop.wait(ABSENCE_S)
                self._system.start_one("matcher")
                self.absences += 1

    def _age_photos(self) -> None:
        while not self.stop.wait(random.uniform(5, 15)):
            with suppress(psycopg2.Error):
                age_photos(self._system.env["DATABASE_URL"])
                self.agings += 1


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


def summarise(faults: Faults) -> Mapping[str, object]:
    """The faults, as the report names them."""
    return {
        "kills": sum(faults.kills.values()),
        "kills_by_process": dict(faults.kills),
        "kills_with_claim": faults.kills_with_claim,
        "pauses": faults.pauses,
        "db_restarts": faults.db_restarts,
        "full_disks": faults.full_disks,
        "absences": faults.absences,
        "agings": faults.agings,
        "unasked_deaths": faults.unasked_deaths(),
        "recovery_p99_s": round(percentile(faults.recoveries_s, 0.99), 2),
    }
