"""The load of `make replicas`: photos to read, selfies to match, and galleries to view."""

import asyncio
import math
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any

import httpx2

from deploy.sample.event import SamplePhoto, load_photos, load_selfies

PHASES = ("photos", "selfies", "reads")
ORGANISER, PASSWORD = "replicas-organiser", "only for this run"
FINAL = ("done", "error", "validation_failed")
READERS = 8
RETRY_AFTER_S = 0.25
PATIENCE_S = 300.0
TIMEOUT_S = 60.0
REPEATS, BUSY = 20, 503

Json = dict[str, Any]


@dataclass
class Phase:
    """The results of one phase; `milliseconds` are those of requests, or of selfies from upload to matches."""

    operations: int = 0
    elapsed_s: float = 0.0
    milliseconds: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    waits: int = 0
    wrong_galleries: int = 0

    def figures(self) -> dict[str, float]:
        return {
            "per s": round(self.operations / self.elapsed_s, 1),
            "p50 ms": round(self._percentile(0.5)),
            "p95 ms": round(self._percentile(0.95)),
            "rejected (retry later)": self.waits,
            "errors": self.errors.total(),
        }

    def _percentile(self, share: float) -> float:
        ordered = sorted(self.milliseconds)
        return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else 0.0


@dataclass
class Guest:
    """`expected` are the ids of the uploaded photos that show the guest."""

    person: str
    selfie: bytes
    token: str
    event: "Event"

    @property
    def expected(self) -> set[str]:
        return {photo_id for photo_id, photo in self.event.photos.items() if self.person in photo.people}


@dataclass
class Event:
    id: str
    guests: list[Guest] = field(default_factory=list)
    photos: dict[str, SamplePhoto] = field(default_factory=dict)


class Work:
    """The same work for every number of processes; requests go to all gateways in turn."""

    def __init__(self, events: int, photos: int, guests: int, reads: int) -> None:
        self._event_count, self._guest_count, self._reads = events, guests, reads
        pictures = list(load_photos(Path("var/sample"), events * photos))
        self._pictures = [pictures[number::events] for number in range(events)]
        self._events: list[Event] = []
        self._organiser = ""

    async def prepare(self, urls: Sequence[str]) -> None:
        """Creates the events and their guests."""
        selfies = cycle(load_selfies(Path("var/sample")))
        async with Clients(urls) as clients:
            form = {"username": ORGANISER, "password": PASSWORD}
            self._organiser = (await clients.ask("POST", "/api/login", json=form))["access_token"]
            for number in range(self._event_count):
                made = await clients.ask("POST", "/api/events", self._organiser, json={"name": f"Event {number}"})
                event = Event(made["id"])
                self._events.append(event)
                for _ in range(self._guest_count):
                    joined = {"event_code": made["event_code"], "consent_version": "1"}
                    token = (await clients.ask("POST", "/api/guest-sessions", json=joined))["access_token"]
                    event.guests.append(Guest(*next(selfies), token, event))

    async def run(self, name: str, urls: Sequence[str]) -> Phase:
        async with Clients(urls) as clients:
            phase, started = Phase(), time.perf_counter()
            await {"photos": self._add_photos, "selfies": self._add_selfies, "reads": self._read}[name](clients, phase)
            phase.elapsed_s, phase.waits = time.perf_counter() - started, clients.waits
            if name == "reads":
                for guest in self._guests:
                    phase.wrong_galleries += await find_gallery(clients, guest) != guest.expected
            return phase

    @property
    def _guests(self) -> list[Guest]:
        return [guest for event in self._events for guest in event.guests]

    async def _add_photos(self, clients: "Clients", phase: Phase) -> None:
        async def add(event: Event, pictures: Iterable[SamplePhoto]) -> None:
            for picture in pictures:
                files = [("files", (picture.name, picture.jpeg, "image/jpeg"))]
                path = f"/api/events/{event.id}/photos"
                answer = await clients.time(phase, "POST", path, self._organiser, files=files)
                event.photos[answer["photos"][0]["id"]] = picture

            async def is_read() -> bool:
                state = await clients.ask("GET", f"/api/events/{event.id}", self._organiser)
                return not state["photos"]["pending"]

            await wait_for(is_read, 1.0)

        await asyncio.gather(*(add(*pair) for pair in zip(self._events, self._pictures, strict=True)))
        phase.operations = sum(len(event.photos) for event in self._events)

    async def _add_selfies(self, clients: "Clients", phase: Phase) -> None:
        async def add(guest: Guest) -> None:
            started = time.perf_counter()
            files = {"file": ("selfie.jpg", guest.selfie, "image/jpeg")}
            await clients.ask("POST", "/api/upload-selfie", guest.token, files=files)
            last = ""

            async def has_ended() -> bool:
                nonlocal last
                last = (await clients.ask("GET", "/api/rematch-status", guest.token))["status"]
                return last in FINAL

            await wait_for(has_ended, 0.25)
            phase.milliseconds.append((time.perf_counter() - started) * 1000)
            if last != "done":
                phase.errors[last] += 1

        await asyncio.gather(*(add(guest) for guest in self._guests))
        phase.operations = len(self._guests)

    async def _read(self, clients: "Clients", phase: Phase) -> None:
        """Each reader requests a gallery, one of its pictures and the state of the search, in turn."""
        left = iter(range(self._reads))
        guests = cycle(self._guests)

        async def read() -> None:
            for _ in left:
                guest = next(guests)
                gallery = await clients.time(phase, "GET", "/api/my-photos?limit=20", guest.token)
                if photos := gallery.get("photos"):
                    await clients.time(phase, "GET", photos[0]["thumb_url"], guest.token)
                await clients.time(phase, "GET", "/api/rematch-status", guest.token)

        await asyncio.gather(*(read() for _ in range(READERS)))
        phase.operations = len(phase.milliseconds)


class Clients:
    """One HTTP client for each gateway."""

    def __init__(self, urls: Sequence[str]) -> None:
        self._clients = [httpx2.AsyncClient(base_url=url, timeout=TIMEOUT_S) for url in urls]
        self._turn = cycle(self._clients)
        self.waits = 0

    async def __aenter__(self) -> "Clients":
        return self

    async def __aexit__(self, *_: object) -> None:
        for client in self._clients:
            await client.aclose()

    async def ask(self, method: str, path: str, token: str = "", **request: Any) -> Json:
        """Retries after Retry-After, as pages do. Raises httpx2.HTTPError."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        for _ in range(REPEATS):
            answer = await next(self._turn).request(method, path, headers=headers, **request)
            if answer.status_code != BUSY:
                break
            self.waits += 1
            await asyncio.sleep(float(answer.headers.get("retry-after", RETRY_AFTER_S)))
        answer.raise_for_status()
        is_json = answer.headers.get("content-type", "").startswith("application/json")
        body: Json = answer.json() if is_json else {}
        return body

    async def time(self, phase: Phase, method: str, path: str, token: str, **request: Any) -> Json:
        """Like `ask`, but counts a fault and then returns an empty response."""
        started = time.perf_counter()
        try:
            return await self.ask(method, path, token, **request)
        except httpx2.HTTPError as error:
            phase.errors[str(error)[:80]] += 1
            return {}
        finally:
            phase.milliseconds.append((time.perf_counter() - started) * 1000)


async def wait_for(condition: Callable[[], Awaitable[bool]], poll_s: float) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not await condition():
            await asyncio.sleep(poll_s)


async def find_gallery(clients: Clients, guest: Guest) -> set[str]:
    """The ids of all photos in the guest's gallery."""
    found: set[str] = set()
    cursor = ""
    while True:
        more = f"&cursor={cursor}" if cursor else ""
        page = await clients.ask("GET", f"/api/my-photos?limit=50{more}", guest.token)
        found |= {photo["id"] for photo in page["photos"]}
        cursor = page.get("next_cursor") or ""
        if not cursor:
            return found
