"""Restarts every process in turn, under load: no call may fail."""

import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from uuid import uuid4

import httpx2
import psycopg2

from deploy.local.system import LocalSystem
from deploy.rest import add_organiser
from deploy.sample.event import SampleEvent

PASSWORD = "correct horse battery"
REPLICAS = dict.fromkeys(("auth", "selfie", "matcher", "selfie-worker", "indexer", "gateway"), 2)
SETTINGS = {
    "DB_POOL_SIZE": "3",
    "DB_MAX_OVERFLOW": "3",
    "LOG_LEVEL": "WARNING",
    "RATE_SELFIES": "none",
    "RATE_SELFIE_MB": "none",
    "RATE_ADDRESS_SELFIES": "none",
}
KILLED = re.compile(r"^(\S+ +\| )Still running after.*$(?:\n\1.*$){,100}", re.MULTILINE)
VARIANTS = ("thumb", "medium", "preview", "original")
PATIENCE_S = 120.0
ANSWER_S = 30.0
PAUSE_S = 0.02  # after each call, so that the load leaves processor time to the processes that start

# Accepted work that is still pending.
UNSETTLED = """
    SELECT (SELECT count(*) FROM selfie.selfies WHERE state = 'pending')
        + (SELECT count(*) FROM selfie.enrolments WHERE wanted_revision > published_revision)
        + (SELECT count(*) FROM matcher.photos WHERE state = 'pending')
"""
SPOILED = """
    SELECT (SELECT count(*) FROM selfie.selfies WHERE state = 'error')
        + (SELECT count(*) FROM matcher.photos WHERE state = 'failed')
"""

Json = dict[str, Any]


class FailedCall(Exception):
    """No gateway responded, or one responded with an error."""


@dataclass
class Load:
    """Calls and failures of the load; several threads write."""

    calls: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)
    diverted: int = 0


@dataclass(frozen=True)
class Result:
    """`stops_s`: how long each stop of a process took, longest first."""

    load: Load
    stops_s: Sequence[tuple[float, str]]
    killed: Sequence[str]
    unsettled: int
    spoiled: int


class Client:
    """A client behind a load balancer: tries the other gateway when one does not respond, then the first one again.

    The first may serve again by the time that the other has ended.
    """

    def __init__(self, base_urls: Sequence[str], load: Load) -> None:
        self._https = [httpx2.Client(base_url=url, timeout=ANSWER_S) for url in base_urls]
        self._load = load
        self._headers: dict[str, str] = {}

    def close(self) -> None:
        for http in self._https:
            http.close()

    def login(self, username: str) -> None:
        body = {"username": username, "password": PASSWORD}
        self._headers = {"Authorization": f"Bearer {self.json('POST', '/api/login', json=body)['access_token']}"}

    def json(self, method: str, path: str, **request: Any) -> Json:
        body: Json = self.ask(method, path, **request).json()
        return body

    def ask(self, method: str, path: str, headers: Mapping[str, str] | None = None, **request: Any) -> httpx2.Response:
        """Raises FailedCall."""
        name = f"{method} {re.sub('[0-9a-f-]{36}', 'ID', path)}"
        sent = self._headers | dict(headers or {})
        faults = []
        for place, http in enumerate([*self._https, self._https[0]]):
            try:
                answer = http.send(http.build_request(method, path, headers=sent, **request), stream=True)
            except (httpx2.ConnectError, httpx2.RemoteProtocolError, httpx2.ReadError, httpx2.WriteError) as fault:
                faults.append(f"{type(fault).__name__} at {http.base_url}")
                continue
            self._load.diverted += place
            if http is not self._https[0]:
                self._https.reverse()
            answer.read()
            self._load.calls[name] += 1
            time.sleep(PAUSE_S)
            if not answer.is_success:
                raise FailedCall(f"{name}: {answer.status_code} {answer.text[:200]}")
            return answer
        raise FailedCall(f"{name}: {', '.join(faults)}")


class Party:
    """An event with photos, an organiser and guests, who repeat their actions."""

    def __init__(self, system: LocalSystem, sample: SampleEvent, load: Load) -> None:
        self._system, self._sample, self._load = system, sample, load
        self._photos = sorted((photo for photo in sample.photos if photo.faces <= 1), key=lambda p: len(p.jpeg))
        self._numbers = count()
        self._run = uuid4().hex[:8]
        self.organiser = Client(system.base_urls, load)
        self.guests = [Client(system.base_urls, load) for _ in range(2)]
        self._names = [f"organiser-{self._run}", *(f"guest-{self._run}-{place}" for place in range(len(self.guests)))]

    def begin(self) -> None:
        add_organiser(self._system.data, self._system.env, self._names[0], PASSWORD)
        self.organiser.login(self._names[0])
        event = self.organiser.json("POST", "/api/events", json={"name": "Rolling"})
        self._path = f"/api/events/{event['id']}"
        for name, guest in zip(self._names[1:], self.guests, strict=True):
            user = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
            form = {"user_data": user, "event_code": event["event_code"]}
            guest.ask("POST", "/api/register-with-event-code", json=form)
        self.login()
        self.add_photo()

    def login(self) -> None:
        """Renews all access tokens, which expire after a quarter of an hour."""
        for name, person in zip(self._names, [self.organiser, *self.guests], strict=True):
            person.login(name)

    def close(self) -> None:
        for person in (self.organiser, *self.guests):
            person.close()

    def actions(self) -> Iterator[Callable[[], None]]:
        """Each of them is repeated by its own thread."""
        yield self.add_photo
        yield lambda: self.send_selfie(self.guests[0])
        yield lambda: self.send_selfie(self.guests[1])
        yield lambda: self.look(self.guests[0])

    def upload_photo(self) -> None:
        """Uploads a new photo twice."""
        number = next(self._numbers)
        jpeg = self._photos[number % len(self._photos)].jpeg + f"{self._run} {number}".encode()
        files = {"files": (f"{number}.jpg", jpeg, "image/jpeg")}
        ids = {self.organiser.json("POST", f"{self._path}/photos", files=files)["photos"][0]["id"] for _ in range(2)}
        if len(ids) != 1:
            raise FailedCall("the same photo got two ids")

    def add_photo(self) -> None:
        """Uploads a photo and views others until it is indexed."""
        self.upload_photo()
        while self.organiser.json("GET", self._path)["photos"]["pending"]:
            for photo in self.organiser.json("GET", f"{self._path}/photos", params={"limit": 3})["photos"]:
                if photo["status"] == "indexed":
                    self.organiser.ask("GET", photo["original_url"])

    def upload_selfie(self, guest: Client) -> None:
        """Sends a new selfie of a megabyte twice with one idempotency key."""
        selfies = list(self._sample.selfies.values())
        image = selfies[self.guests.index(guest)] + bytes(1024 * 1024)
        key, files = {"Idempotency-Key": str(uuid4())}, {"file": ("selfie.jpg", image, "image/jpeg")}
        ids = {guest.json("POST", "/api/upload-selfie", headers=key, files=files)["selfie_id"] for _ in range(2)}
        if len(ids) != 1:
            raise FailedCall("the same selfie got two ids")

    def send_selfie(self, guest: Client) -> None:
        """Uploads a selfie and waits until it is matched."""
        self.upload_selfie(guest)
        while (status := guest.json("GET", "/api/rematch-status")["status"]) == "running":
            pass
        if status != "done":
            raise FailedCall(f"a selfie ended as {status}")

    def look(self, guest: Client) -> None:
        guest.ask("GET", "/api/me")
        for photo in guest.json("GET", "/api/my-photos", params={"limit": 5})["photos"]:
            for variant in VARIANTS:
                guest.ask("GET", photo[f"{variant}_url"])


def run_rolling(system: LocalSystem, sample: SampleEvent, rounds: int, say: Callable[[str], None] = print) -> Result:
    """Restarts each process of a started system with REPLICAS in turn, `rounds` times."""
    load, stops_s = Load(), []
    party = Party(system, sample, load)
    party.begin()
    names = [name for name in system.processes if name != "postgres"]
    with under_load(party, load):
        for number in range(1, rounds + 1):
            party.login()
            for name in names:
                started = time.monotonic()
                system.stop_one(name)
                stops_s.append((round(time.monotonic() - started, 2), name))
                system.start_one(name)
            say(f"round {number}: {load.calls.total()} calls, {len(load.failed)} failed, longest stop {max(stops_s)}")
    party.close()
    unsettled = wait_until_settled(system)
    spoiled = ask_database(system, SPOILED)
    return Result(load, sorted(stops_s, reverse=True), killed_by_force(system), unsettled, spoiled)


def killed_by_force(system: LocalSystem) -> list[str]:
    """The log of each process that did not end in time and was killed."""
    return [match.group() for match in KILLED.finditer(system.log_path.read_text())]


@contextmanager
def under_load(party: Party, load: Load) -> Iterator[None]:
    stop = threading.Event()

    def repeat(action: Callable[[], None]) -> None:
        while not stop.is_set():
            try:
                action()
            except Exception as fault:  # the test reports every failure
                load.failed.append(f"{type(fault).__name__}: {fault}")

    threads = [threading.Thread(target=repeat, args=[action]) for action in party.actions()]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def wait_until_settled(system: LocalSystem) -> int:
    """Returns how much work is still pending after PATIENCE_S."""
    ends_at = time.monotonic() + PATIENCE_S
    while (left := ask_database(system, UNSETTLED)) and time.monotonic() < ends_at:
        time.sleep(0.05)
    return left


def ask_database(system: LocalSystem, query: str) -> int:
    """The number that a query returns."""
    with closing(psycopg2.connect(system.env["DATABASE_URL"])) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        [number] = cursor.fetchone() or [0]
        return int(number)
