"""Recovery from outages: a clear 503 meanwhile, no loss, and no restart of other processes."""

import signal
from collections.abc import Callable
from functools import partial

import pytest

from deploy.local.system import LocalSystem
from deploy.sample.event import SampleEvent, SamplePhoto
from tests.e2e.party import Json, Organiser, Person, showing, until

Gallery = tuple[Json, dict[str, SamplePhoto]]


@pytest.mark.parametrize(
    ("down", "path", "up", "reason"),
    [
        ("auth", "/api/me", "/api/rematch-status", "service_unavailable"),
        ("selfie", "/api/rematch-status", "/api/my-photos", "service_unavailable"),
        ("matcher", "/api/my-photos", "/api/rematch-status", "service_unavailable"),
        ("postgres", "/api/my-photos", None, "database_unavailable"),
    ],
)
def test_a_stopped_service_causes_503_and_recovers_on_its_own(
    system: LocalSystem,
    gallery: Gallery,
    sample: SampleEvent,
    join: Callable[[Json], Person],
    down: str,
    path: str,
    up: str | None,
    reason: str,
) -> None:
    guest = join(gallery[0])
    guest.selfie_and_wait(sample.selfies["Ben"])
    others = {name: process.pid for name, process in system.processes.items() if name != down}
    system.stop_one(down)
    try:
        answer = guest.http.get(path)
        assert (answer.status_code, answer.json()["reason"]) == (503, reason)
        assert int(answer.headers["retry-after"]) >= 1
        assert guest.http.get("/healthz").status_code == 200
        if up:
            guest.get(up)
        readiness = guest.http.get("/readyz")
        assert readiness.status_code == 200
    finally:
        system.start_one(down)
    until(lambda: guest.http.get(path).status_code, lambda status: status == 200)
    assert {name: process.pid for name, process in system.processes.items() if name != down} == others


def test_a_selfie_sent_during_a_matcher_outage_is_matched_afterwards(
    system: LocalSystem, gallery: Gallery, sample: SampleEvent, join: Callable[[Json], Person]
) -> None:
    event, photos = gallery
    guest = join(event)
    system.stop_one("matcher")
    try:
        guest.send_selfie(sample.selfies["Cleo"])
        until(lambda: guest.http.get("/api/my-selfie").status_code, lambda status: status == 200)
        assert guest.status()["status"] == "running"
    finally:
        system.start_one("matcher")
    assert guest.settled()["status"] == "done"
    until(lambda: guest.http.get("/api/my-photos").status_code, lambda status: status == 200)
    until(guest.photos, lambda found: found == showing(photos, "Cleo"))


def try_selfie(guest: Person, image: bytes) -> int:
    return guest.http.post("/api/upload-selfie", files={"file": ("selfie.jpg", image)}).status_code


@pytest.mark.parametrize("stroke", [signal.SIGKILL, signal.SIGTERM])
def test_killing_every_process_loses_nothing(
    system: LocalSystem,
    organiser: Organiser,
    sample: SampleEvent,
    join: Callable[[Json], Person],
    one_of: Callable[..., SamplePhoto],
    stroke: signal.Signals,
) -> None:
    event = organiser.event("Killed")
    guests = {name: join(event) for name in ("Ada", "Ben", "Cleo")}
    sent = [one_of("Ada"), one_of("Ben"), one_of("Cleo"), one_of("Ada", "Ben", "Cleo")]
    photos = organiser.add_photos(event, sent, wait=False)
    for name, guest in guests.items():
        until(partial(try_selfie, guest, sample.selfies[name]), lambda code: code == 202)
        for process in ("selfie-worker", "indexer", "matcher", "selfie"):
            system.kill(process, stroke)
    until(lambda: guests["Ada"].http.get("/api/rematch-status").status_code, lambda code: code == 200)
    until(lambda: organiser.http.get(f"/api/events/{event['id']}").status_code, lambda code: code == 200)
    organiser.indexed(event)
    for name, guest in guests.items():
        assert guest.settled()["status"] == "done"
        assert guest.photos() == showing(photos, name)
