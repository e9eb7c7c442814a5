"""One run: a system with guests, organisers and readers, and the comparison of its data afterwards."""

import shutil
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread
from types import TracebackType
from typing import Self
from uuid import uuid4

from deploy.local.environment import master_key_of
from deploy.local.processes import PROCESSES, ProcessKind
from deploy.local.system import LocalSystem
from deploy.rest import add_organiser
from kit.vault import Vault
from tests.chaos.album import Album, ScriptedAlbum
from tests.chaos.client import PASSWORD, PATIENCE_S, Client
from tests.chaos.ledger import Ledger
from tests.chaos.people import Guest, Organiser, Reader
from tests.chaos.verify import Truth, drain, verify

GUESTS = 30
ORGANISERS = 2
REPLICAS = {"selfie-worker": 2, "indexer": 2}
VIOLATIONS = ("lost", "duplicates", "half_reads", "stale_writes", "wrong_sets", "stuck")
DRAIN_S = 120.0
REST_S = PATIENCE_S + 60  # the longest call, and the rest of an action after it

ENTRIES = {
    "matcher": ("tests.chaos.entries.matcher", ()),
    "selfie": ("tests.chaos.entries.selfie", ()),
    "selfie-worker": ("tests.chaos.entries.selfie_worker", ("worker",)),
    "indexer": ("tests.chaos.entries.indexer", ("indexer",)),
}

SETTINGS = {
    "REMATCH_TIMEOUT_S": "3",
    "REREAD_SHARE": "1",
    "LOG_LEVEL": "WARNING",
    "DB_POOL_SIZE": "3",
    "DB_MAX_OVERFLOW": "3",
    "RATE_SELFIES": "none",
    "RATE_SELFIE_MB": "none",
    "RATE_ADDRESS_SELFIES": "none",
    "BINDING_TOLERANCE": "none",  # guests send selfies of random people
}


class Party:
    """Everything runs inside the `with` block; `end` stops the load, waits for pending work, and compares."""

    def __init__(
        self,
        twin: str = "",
        failpoints: str = "",
        guests: int = GUESTS,
        album: Album | None = None,
        replicas: Mapping[str, int] = REPLICAS,
    ) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="mn-chaos-", dir="/tmp"))
        self.ledger = Ledger()
        self._guest_count = guests
        self._album = album or ScriptedAlbum()
        self.lease_s = 2 * self._album.image_timeout_s
        self.stopped = Event()
        self._threads: list[Thread] = []
        self._clients: list[Client] = []
        self.readers: list[Reader] = []
        self.crashes: list[str] = []
        self._grows = not twin  # growth would repair the damage of a twin
        settings = {
            **SETTINGS,
            "CHAOS_FOLDER": str(self.folder),
            "CHAOS_TWIN": twin,
            "CHAOS_ENGINE": self._album.engine,
            "FAILPOINTS": failpoints,
            "IMAGE_TIMEOUT_S": str(self._album.image_timeout_s),
            "SETTLE_MAX_FACES": "300000" if self._grows else "0",
        }
        self.system = LocalSystem(
            self.folder / "data",
            settings=settings,
            replicas=replicas,
            kinds=[_scripted(kind) for kind in PROCESSES],
            max_backoff_s=0.4,
        )

    def __enter__(self) -> Self:
        try:
            self.system.start()
            self._invite()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._rest()
        self._remove()

    def end(self) -> Mapping[str, int]:
        """Stops all clients, waits until all work is settled, and returns the violations by kind."""
        self._rest()
        self.arm("")
        data = self.system.data
        truth = Truth(self.system.env["DATABASE_URL"], data / "blobs", Vault.read(master_key_of(data)))
        left = drain(truth, DRAIN_S)
        for name, count in left.items():
            self.ledger.violations["stuck"] += count
            self.ledger.examples.append(f"stuck: {count} {name}")
        if left:
            self.ledger.examples += truth.testify()
            for name in self.services:
                self.system.kill(name, signal.SIGUSR1)
        verify(truth, self.ledger, [event["id"] for event in self._events], self._grows)
        return {kind: self.ledger.violations[kind] for kind in VIOLATIONS}

    def arm(self, failpoints: str) -> None:
        """Processes that start from now on have these failpoints."""
        for process in self.system.processes.values():
            process.environment["FAILPOINTS"] = failpoints

    @property
    def services(self) -> list[str]:
        """All processes except the database."""
        return [name for name in self.system.processes if name != "postgres"]

    @property
    def repeated(self) -> Counter[str]:
        """The retries of all clients by cause."""
        return sum((client.repeated for client in self._clients), Counter())

    def _invite(self) -> None:
        add_organiser(self.system.data, self.system.env, "olga", PASSWORD)
        organiser = self._client("olga")
        organiser.login()
        self._events = [
            organiser.ask("POST", "/api/events", json={"name": name}).json() for name in ("Home", "Garden", "Roof")
        ]
        home, *others = self._events
        for _ in range(ORGANISERS):
            another = self._client("olga")
            another.login()
            self._run(Organiser(another, self.ledger, self._album, self._events, self.stopped).live)
        for _ in range(self._guest_count):
            guest = self._client(f"g{uuid4().hex[:8]}")
            self._run(Guest(guest, self.ledger, self._album, home, others, self.stopped).live)
        for _ in range(2):
            self.readers.append(reader := Reader(self._client("olga"), self.ledger, home["id"], self.stopped))
            self._run(reader.live)

    def _client(self, username: str) -> Client:
        self._clients.append(client := Client(self.system.base_url, username, self.stopped))
        return client

    def _run(self, live: Callable[[], None]) -> None:
        def live_and_report() -> None:
            try:
                live()
            except BaseException as fault:
                self.crashes.append(f"{type(fault).__name__}: {fault}")
                self.ledger.violate("stuck", f"{type(fault).__name__}: {str(fault)[:300]}")

        thread = Thread(target=live_and_report, name=live.__qualname__, daemon=True)
        thread.start()
        self._threads.append(thread)

    def _rest(self) -> None:
        self.stopped.set()
        ends_at = time.monotonic() + REST_S
        for thread in self._threads:
            thread.join(max(0.0, ends_at - time.monotonic()))
        if waiting := [thread.name for thread in self._threads if thread.is_alive()]:
            self.ledger.violate("stuck", f"after {REST_S:g} s still waiting for a call: {waiting}")

    def _remove(self) -> None:
        self.system.stop()
        for client in self._clients:
            client.__exit__()
        self.system.remove_data()
        shutil.rmtree(self.folder, ignore_errors=True)


def _scripted(kind: ProcessKind) -> ProcessKind:
    if kind.name not in ENTRIES:
        return kind
    module, arguments = ENTRIES[kind.name]
    return replace(kind, module=module, arguments=arguments)


def wait_for_violation(party: Party, patience_s: float) -> bool:
    """Whether a violation was recorded within `patience_s`."""
    ends_at = time.monotonic() + patience_s
    while time.monotonic() < ends_at:
        if party.ledger.violations:
            return True
        time.sleep(0.2)
    return False
