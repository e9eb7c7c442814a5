"""Guests, organisers and readers: the load on the system while it is being killed."""

import random
import time
from collections.abc import Mapping, Sequence
from hashlib import sha256
from threading import Event
from uuid import uuid4

from tests.chaos.album import Album
from tests.chaos.client import Client, Json
from tests.chaos.ledger import GuestRecord, Ledger, PhotoRecord, SentSelfie

MAX_LIVING = 120  # photos of an event: a gallery is one page, and thus one response
MAX_KEPT = 4  # photos of an event that one organiser replaces again and again
PAGE = 200
# Reasons why one file of an upload is rejected now but accepted when it is sent again.
RETRYABLE = (
    "service_unavailable",
    "database_unavailable",
    "blobs_unavailable",
    "deadline_exceeded",
    "too_many_streams",
    "overloaded",
    "invalid_token",
)
FINAL = ("done", "error", "validation_failed", "idle")


class Guest:
    """Uploads selfies, joins and leaves events, requests rematches and deletes, one request at a time."""

    def __init__(
        self, client: Client, ledger: Ledger, album: Album, home: Json, others: Sequence[Json], stop: Event
    ) -> None:
        self._client = client
        self._album = album
        self._ledger = ledger
        self._others = others
        self._stop = stop
        login = client.register(home["event_code"])
        self.record = GuestRecord(client.username, login["user_id"], login["access_token"], {home["id"]})
        self._deletes = len(ledger.guests) % 6 == 5  # their galleries may be empty, so the readers skip them
        ledger.guests.append(self.record)

    def live(self) -> None:
        while not self._stop.is_set():
            random.choices((self.upload, self.join, self.leave, self.rematch, self.delete), (12, 2, 2, 2, 1))[0]()
            self._stop.wait(random.uniform(0.2, 2))

    def upload(self) -> None:
        for _ in range(2 if random.random() < 0.25 else 1):
            self._send(random.randrange(self._album.people) if random.random() < 0.9 else None)
        if random.random() < 0.35:
            self._wait_until_matched()

    def join(self) -> None:
        event = random.choice(self._others)
        answer = self._client.ask("POST", "/api/join-event", json={"event_code": event["event_code"]})
        assert answer.status_code == 200, answer.text
        self.record.events.add(event["id"])

    def leave(self) -> None:
        joined = [event for event in self._others if event["id"] in self.record.events]
        event = random.choice(joined or self._others)
        answer = self._client.ask("DELETE", f"/api/events/{event['id']}/guests/me")
        assert answer.status_code in (204, 404), answer.text
        self.record.events.discard(event["id"])

    def rematch(self) -> None:
        answer = self._client.ask("POST", "/api/rematch")
        assert answer.status_code in (202, 409), answer.text

    def delete(self) -> None:
        if self._deletes:
            answer = self._client.ask("DELETE", "/api/my-selfie")
            assert answer.status_code == 204, answer.text
            self.record.deleted_at = len(self.record.selfies)

    def _send(self, person: int | None) -> None:
        image = self._album.selfie(person, uuid4().hex)
        if person is not None:
            self.record.persons = (*self.record.persons, person)
        answer = self._client.ask(
            "POST",
            "/api/upload-selfie",
            files={"file": ("selfie.jpg", image)},
            headers={"Idempotency-Key": uuid4().hex},
        )
        assert answer.status_code == 202, answer.text
        self.record.selfies.append(SentSelfie(answer.json()["selfie_id"], person))
        self._ledger.accept()

    def _wait_until_matched(self) -> None:
        ends_at = time.monotonic() + 60
        while time.monotonic() < ends_at and not self._stop.is_set():
            status = self._client.get("/api/rematch-status")["status"]
            newest = self.record.selfies[-1].person
            if status in FINAL:
                if status == "done" and newest is not None and not self._deletes:
                    self.record.persons = (newest,)
                    self.record.is_matched = True
                return
            time.sleep(0.2)


class Organiser:
    """Adds photos, sometimes the same bytes twice, replaces some by new versions, and deletes others."""

    def __init__(self, client: Client, ledger: Ledger, album: Album, events: Sequence[Json], stop: Event) -> None:
        self._client = client
        self._album = album
        self._ledger = ledger
        self._events = events
        self._stop = stop
        self._name = uuid4().hex

    def live(self) -> None:
        while not self._stop.is_set():
            event = random.choice(self._events)
            self.add(event["id"])
            self.look(event["id"])
            living = self._ledger.living(event["id"])
            if len(living) > MAX_LIVING or (living and random.random() < 0.5):
                self.delete(living)
            elif living:
                self.replace(living)
            self._stop.wait(random.uniform(0.1, 0.6))

    def add(self, event_id: str) -> None:
        made = [self._album.photo(uuid4().hex) for _ in range(random.choice((1, 1, 2, 4)))]
        files = {f"{uuid4().hex}.jpg": image for _, image in made}
        ids = self._upload(event_id, files)
        if random.random() < 0.2 and (again := self._upload(event_id, files)) != ids:
            self._ledger.violate("duplicates", f"the same bytes became photos {ids} and {again}")
        with self._ledger.lock:
            for photo_id, (people, image), name in zip(ids, made, files, strict=True):
                is_far, digest = self._album.is_far(people), sha256(image).hexdigest()
                self._ledger.photos[photo_id] = PhotoRecord(event_id, people, name, digest, is_far=is_far)
        for _ in ids:
            self._ledger.accept()

    def replace(self, living: Mapping[str, PhotoRecord]) -> None:
        """Replaces one of a few photos by a version with the same people: it must stay in all their galleries."""
        with self._ledger.lock:
            kept = [photo_id for photo_id, photo in living.items() if photo.keeper == self._name]
            free = [photo_id for photo_id, photo in living.items() if not photo.keeper and not photo.is_deleted]
            if not (candidates := kept if len(kept) >= MAX_KEPT else free):
                return
            photo_id = random.choice(candidates)
            record = self._ledger.photos[photo_id]
            record.keeper = self._name
        image = self._album.photo_of(record.people, uuid4().hex)
        [found] = self._upload(record.event_id, {record.filename: image}, replace=True)
        if found != photo_id:
            self._ledger.violate("duplicates", f"the new version of {photo_id} is photo {found}")
        record.sha256 = sha256(image).hexdigest()
        self._ledger.accept()

    def look(self, event_id: str) -> None:
        """Records which photos are indexed."""
        page = self._client.get(f"/api/events/{event_id}/photos", limit=PAGE)
        with self._ledger.lock:
            for photo in page["photos"]:
                known = self._ledger.photos.get(photo["id"])
                if known and photo["status"] == "indexed":
                    known.is_indexed = True

    def delete(self, living: Mapping[str, PhotoRecord]) -> None:
        with self._ledger.lock:
            if not (free := [photo_id for photo_id, photo in living.items() if not photo.keeper]):
                return
            photo_id = random.choice(free)
            self._ledger.photos[photo_id].is_deleted = True
        answer = self._client.ask("DELETE", f"/api/photos/{photo_id}")
        assert answer.status_code in (204, 404), answer.text

    def _upload(self, event_id: str, images: Mapping[str, bytes], replace: bool = False) -> list[str]:
        """Sends photos in one request and retries those that were not kept; returns their ids in order."""
        path, ids = f"/api/events/{event_id}/photos{'?replace=true' if replace else ''}", dict[str, str]()
        while missing := [name for name in images if name not in ids]:
            files = [("files", (name, images[name], "image/jpeg")) for name in missing]
            answer = self._client.ask("POST", path, files=files)
            assert answer.status_code == 202, answer.text
            for name, photo in zip(missing, answer.json()["photos"], strict=True):
                if "id" in photo:
                    ids[name] = photo["id"]
                else:
                    assert photo["reason"] in RETRYABLE, photo
                    self._client.repeated[f"one file {photo['reason']}"] += 1
        return [ids[name] for name in images]


class Reader:
    """Reads every gallery repeatedly: each response must hold exactly the photos of one person."""

    def __init__(self, client: Client, ledger: Ledger, event_id: str, stop: Event) -> None:
        self._client = client
        self._ledger = ledger
        self._event_id = event_id
        self._stop = stop
        self.count = 0

    def live(self) -> None:
        while not self._stop.is_set():
            for record in list(self._ledger.guests):
                if record.is_matched and not self._stop.is_set():
                    self.read(record)
            self._stop.wait(0.02)

    def read(self, record: GuestRecord) -> None:
        persons = record.persons
        living = self._ledger.living(self._event_id)
        self._client.switch_to(record.username, record.token)
        page = self._client.get("/api/my-photos", event_id=self._event_id, limit=PAGE)
        shown = {photo["id"] for photo in page["photos"]}
        with self._ledger.lock:
            due = {
                photo_id: photo.people
                for photo_id, photo in living.items()
                if not (photo.is_deleted or photo.is_far)  # growth finds distant faces later
            }
            people_of = {
                photo_id: self._ledger.photos[photo_id].people for photo_id in shown & set(self._ledger.photos)
            }
        self.count += 1

        def is_gallery_of(person: int) -> bool:
            return all(person in people for people in people_of.values()) and all(
                photo_id in shown for photo_id, people in due.items() if person in people
            )

        if not any(map(is_gallery_of, {*persons, *record.persons})):
            older = shown and any(map(is_gallery_of, {s.person for s in record.selfies if s.person is not None}))
            missing = {p: sum(p in people and i not in shown for i, people in due.items()) for p in record.persons}
            kind = "stale_writes" if older else "half_reads"
            self._ledger.violate(kind, f"{record.username} is {record.persons}: {len(shown)} photos, missing {missing}")
