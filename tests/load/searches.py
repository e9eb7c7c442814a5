"""Measures for how many different faces one account, one browser and one address can search.

python -m tests.load.searches FOLDER [--seconds 60] [--only browser,address]

`FOLDER`: pictures of single people with `labels.csv` (photo, kind, person). Each attacker sends face after face, four
concurrently, to a fresh system without limits and to one with the defaults; every face that was compared with
photos counts. An attacker whose account reaches its limits adds people, deletes selfies, and then creates another.
"""

import argparse
import csv
import json
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from threading import Lock
from typing import Any
from uuid import uuid4

import httpx2

from deploy.local.system import LocalSystem
from deploy.rest import FINAL, Person, add_organiser

ORGANISER, PASSWORD = "searches-organiser", "only for this run"
KINDS = ("account", "browser", "address")
AT_ONCE = 4
POLL_S = 0.1
RATES = (
    *("CODES", "AVAILABILITY", "GUESTS", "REGISTRATIONS", "LOGINS", "PASSWORDS"),
    *("SELFIES", "SELFIE_MB", "ADDRESS_SELFIES", "PHONES"),
)
UNLIMITED = {
    **{f"RATE_{name}": "none" for name in RATES},
    "BINDING_TOLERANCE": "none",
    "FACES_PER_DAY": "1000",
    "FACES_PER_GUEST": "20",
}
OWN_PAGE = {"Sec-Fetch-Site": "same-origin"}


@dataclass
class Count:
    """The results of an attacker: the people whose face was compared, the number of comparisons (which may exceed the
    number of people in the folder), and the rejections by reason."""

    people: set[str] = field(default_factory=set)
    searches: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    accounts: int = 0


class Attacker:
    """Sends faces until the time is over. `kind`: what is constant, the account, the browser or the address."""

    def __init__(self, url: str, code: str, kind: str, faces: list[tuple[str, bytes]]) -> None:
        self._url, self._code, self._kind = url, code, kind
        self._faces, self._lock = iter(cycle(faces)), Lock()
        self.count = Count()
        self._ends_s = 0.0
        self._browser = self._open()
        if kind == "browser":
            self._browser.get("/")

    def run(self, seconds: float) -> None:
        self._ends_s = time.monotonic() + seconds
        workers = 1 if self._kind == "account" else AT_ONCE
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(lambda _: self._work(), range(workers)))

    def _work(self) -> None:
        while time.monotonic() < self._ends_s:
            with self._open() as http:
                token = self._join(http)
                if token:
                    self._search_with(http, token)
            if self._kind == "account":
                return

    def _search_with(self, http: httpx2.Client, token: str) -> None:
        """Uses all that an account offers: its own selfie, those of other people, and new ones after a deletion."""
        http.headers["Authorization"] = f"Bearer {token}"
        people = [None, *self._add_people(http)]
        idle = 0
        for person in cycle(people):
            if time.monotonic() >= self._ends_s or idle > len(people):
                return
            idle = 0 if self._send(http, person) else idle + 1
            if len(people) == 1 or idle:
                http.delete("/api/my-selfie", params={"person": person} if person else {})

    def _send(self, http: httpx2.Client, person: str | None) -> bool:
        with self._lock:
            name, image = next(self._faces)
        which = {"person": person} if person else {}
        answer = http.post("/api/upload-selfie", params=which, files={"file": ("s.jpg", image)})
        if answer.status_code != 202:
            self._refuse(answer)
            return False
        while time.monotonic() < self._ends_s:
            state = http.get("/api/rematch-status", params=which).json()
            if state.get("status") in FINAL:
                if state["status"] == "done":
                    self.count.people.add(name)
                    self.count.searches += 1
                    return True
                self.count.refused[str(state.get("reason"))] += 1
                return False
            time.sleep(POLL_S)
        return False

    def _add_people(self, http: httpx2.Client) -> Iterator[str]:
        form = {"name": "Someone", "consent_version": "1"}
        while (answer := http.post("/api/people", json=form)).status_code == 201:
            yield answer.json()["id"]

    def _join(self, http: httpx2.Client) -> str:
        form = {"event_code": self._code, "display_name": "Mallory", "consent_version": "1"}
        headers = {"Idempotency-Key": str(uuid4()), **OWN_PAGE}
        sender = self._browser if self._kind == "browser" else http
        with self._lock:
            answer = sender.post("/api/guest-sessions", json=form, headers=headers)
            for name in list(sender.cookies):
                if "phone" not in name:
                    sender.cookies.delete(name)
        if answer.status_code != 201:
            self._refuse(answer)
            return ""
        self.count.accounts += 1
        return str(answer.json()["access_token"])

    def _refuse(self, answer: httpx2.Response) -> None:
        self.count.refused[f"{answer.status_code}"] += 1
        with suppress(ValueError):
            wait_s = float(answer.headers.get("retry-after", 0.2))
            time.sleep(max(0.0, min(wait_s, self._ends_s - time.monotonic())))

    def _open(self) -> httpx2.Client:
        return httpx2.Client(base_url=self._url, timeout=60)


def read_faces(folder: Path) -> list[tuple[str, bytes]]:
    """The name and one picture of each person."""
    with (folder / "labels.csv").open(newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["person"] and row["kind"] != "natural"]
    return [(who, (folder / name).read_bytes()) for who, name in {row["person"]: row["photo"] for row in rows}.items()]


def measure(kind: str, seconds: float, settings: dict[str, str], faces: list[tuple[str, bytes]]) -> dict[str, Any]:
    folder = Path(tempfile.mkdtemp(prefix="minois-searches-", dir="/tmp"))
    system = LocalSystem(folder / "data", settings={"LOG_LEVEL": "WARNING", **settings})
    try:
        with system:
            add_organiser(system.data, system.env, ORGANISER, PASSWORD)
            with Person(system.base_url) as organiser:
                organiser.login(ORGANISER, PASSWORD)
                event = organiser.create_event("Searches")
                attacker = Attacker(system.base_url, event["event_code"], kind, faces)
                attacker.run(seconds)
                alarms = organiser.anomalies(event["id"])
    finally:
        system.remove_data()
        shutil.rmtree(folder, ignore_errors=True)
    count = attacker.count
    return {
        "kind": kind,
        "seconds": seconds,
        "searches": count.searches,
        "different_people": len(count.people),
        "accounts": count.accounts,
        "refused": dict(count.refused),
        "guests_of_one_phone": [len(group["accounts"]) for group in alarms["same_phone"]],
        "accounts_of_one_face": [len(group["accounts"]) for group in alarms["same_face"] or []],
    }


def main() -> None:
    parser = argparse.ArgumentParser("python -m tests.load.searches", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--only", default=",".join(KINDS))
    options = parser.parse_args()
    faces = read_faces(options.folder)
    for kind in options.only.split(","):
        for name, settings in (("without limits", UNLIMITED), ("defaults", {})):
            print(json.dumps({"system": name, **measure(kind, options.seconds, settings, faces)}), flush=True)


if __name__ == "__main__":
    main()
