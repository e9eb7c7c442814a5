"""A complete event over REST: created, photographed, viewed by its guests, deleted."""

import secrets
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from deploy.rest import Json, Person, RestFault
from deploy.sample.event import SampleEvent, SamplePhoto

EVENT_NAME = "Demo event"
INDEX_TIMEOUT_S = 600.0
ERASE_TIMEOUT_S = 60.0
GONE = (401, 404)  # an erased guest may already be rejected as a caller


@dataclass(frozen=True)
class Found:
    """The matches of one guest: `matched` are correct, `wrong` are photos that they are not in."""

    name: str
    expected: int
    matched: int
    wrong: int
    upload_ms: float
    wait_s: float

    @property
    def is_exact(self) -> bool:
        return self.matched == self.expected and self.wrong == 0


@dataclass(frozen=True)
class Report:
    """Measurements of the run."""

    photos: int
    faces: int
    guests: tuple[Found, ...]

    def as_json(self) -> Json:
        shown = ("name", "expected", "matched", "wrong")
        return {
            "photos": self.photos,
            "faces": self.faces,
            "guests": [{field: getattr(guest, field) for field in shown} for guest in self.guests],
            "upload_ms": round(statistics.median(guest.upload_ms for guest in self.guests), 1),
            "selfie_to_matches_s": round(max(guest.wait_s for guest in self.guests), 2),
        }


class Journey:
    """Runs once through a running system; `steps` says how long each part took. `sign_in` signs in a new organiser.
    Raises RestFault."""

    def __init__(self, base_url: str, sign_in: Callable[[Person], None], sample: SampleEvent, console: Console) -> None:
        self._base_url = base_url
        self._sign_in = sign_in
        self._sample = sample
        self._console = console
        self.steps: list[tuple[str, float]] = []

    def walk(self) -> Report:
        with ExitStack() as people:
            organiser = people.enter_context(Person(self._base_url))
            with self._step("Create an organiser and an event"):
                self._sign_in(organiser)
                event = organiser.create_event(EVENT_NAME)
            with self._step("Upload the photos"):
                photos = organiser.upload_photos(event["id"], self._sample.photos)
            with self._step("Read the photos (find and encode faces)"):
                event = self._wait_for_index(organiser, event["id"], len(photos))
            guests = {name: people.enter_context(Person(self._base_url)) for name in self._sample.selfies}
            with self._step(f"{len(guests)} guests: register, selfie, matches, a download"):
                found = tuple(self._visit(guests[name], name, event, photos) for name in guests)
            with self._step("Erase the guests and the event"):
                self._erase(organiser, event, guests, photos)
        return Report(len(photos), event["faces"], found)

    def _wait_for_index(self, organiser: Person, event_id: str, total: int) -> Json:
        columns = (TextColumn("  {task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        deadline = time.monotonic() + INDEX_TIMEOUT_S
        with Progress(*columns, console=self._console) as progress:
            task = progress.add_task("reading photos", total=total)
            while True:
                event = organiser.event(event_id)
                states = event["photos"]
                progress.update(
                    task,
                    completed=states["indexed"] + states["failed"],
                    description=f"reading photos, {event['faces']} faces",
                )
                if states["failed"]:
                    raise RestFault(f"{states['failed']} of {total} photos could not be read")
                if states["indexed"] == total:
                    return event
                if time.monotonic() > deadline:
                    raise RestFault(f"{states['pending']} photos are still pending after {INDEX_TIMEOUT_S:.0f} s")
                time.sleep(0.2)

    def _visit(self, guest: Person, name: str, event: Json, photos: Mapping[str, SamplePhoto]) -> Found:
        guest.register(name.lower(), secrets.token_urlsafe(12), event["event_code"])
        started = time.perf_counter()
        upload_ms = guest.upload_selfie(self._sample.selfies[name])
        state = guest.follow_rematch()
        wait_s = time.perf_counter() - started
        if state["status"] != "done":
            raise RestFault(f"{name}'s rematch ended with the state {state}")
        pages = list(guest.my_photos())
        shown = {photo["id"] for photo in pages}
        if len(shown) != len(pages):
            raise RestFault(f"{name}'s pages list a photo twice")
        right = {photo_id for photo_id, photo in photos.items() if name in photo.people}
        if pages and not guest.download(pages[0]["thumb_url"]):
            raise RestFault("A thumbnail is empty")
        return Found(name, len(right), len(shown & right), len(shown - right), upload_ms, wait_s)

    def _erase(
        self, organiser: Person, event: Json, guests: Mapping[str, Person], photos: Mapping[str, SamplePhoto]
    ) -> None:
        for name, guest in guests.items():
            seen = [photo_id for photo_id, photo in photos.items() if name in photo.people]
            guest.delete("/api/me")
            for photo_id in seen:
                self._wait_until_gone(guest, photo_id, GONE)
        organiser.delete(f"/api/events/{event['id']}")
        for photo_id in photos:
            self._wait_until_gone(organiser, photo_id, (404,))

    def _wait_until_gone(self, person: Person, photo_id: str, gone: tuple[int, ...]) -> None:
        deadline = time.monotonic() + ERASE_TIMEOUT_S
        while (status := person.status_of(f"/api/photos/{photo_id}/thumb")) not in gone:
            if time.monotonic() > deadline:
                raise RestFault(f"An erased photo is still answered with {status} after {ERASE_TIMEOUT_S:.0f} s")
            time.sleep(0.1)

    @contextmanager
    def _step(self, text: str) -> Iterator[None]:
        with timed(self._console, text, self.steps.append):
            yield


@contextmanager
def timed(console: Console, text: str, done: Callable[[tuple[str, float]], None]) -> Iterator[None]:
    """Announces a step and reports how long it took."""
    console.print(f"[bold]{text}[/bold]")
    started = time.perf_counter()
    yield
    done((text, time.perf_counter() - started))
