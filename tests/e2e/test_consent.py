"""Faces are compared only with the guest's consent, and kept until a day after the guest's last event."""

from collections.abc import Callable, Iterator
from contextlib import closing
from uuid import uuid4

import httpx2
import psycopg2
import pytest

from deploy.local.system import LocalSystem
from deploy.sample.event import SampleEvent, SamplePhoto
from tests.e2e.party import Json, Organiser, Person, showing, until

Join = Callable[[Json], Person]


@pytest.fixture
def page(system: LocalSystem) -> Iterator[httpx2.Client]:
    """Headers that a browser sends from our own pages."""
    headers = {"Sec-Fetch-Site": "same-origin"}
    with httpx2.Client(base_url=system.base_url, headers=headers, timeout=30) as client:
        yield client


def searched(guest: Person) -> dict[str, bool]:
    return {event["event_id"]: event["searched"] for event in guest.get("/api/me")["events"]}


def photos_of(guest: Person, event: Json) -> set[str]:
    return {photo["id"] for photo in guest.get("/api/my-photos", event_id=event["id"])["photos"]}


def test_a_selfie_is_searched_in_another_event_only_after_consent(
    organiser: Organiser, join: Join, sample: SampleEvent, one_of: Callable[..., SamplePhoto]
) -> None:
    first, second, marker = (organiser.event(name) for name in ("First", "Second", "Marker"))
    photos = {event["id"]: organiser.add_photos(event, [one_of("Ada"), one_of("Ben")]) for event in (second, marker)}
    guest = join(first)
    guest.selfie_and_wait(sample.selfies["Ada"])
    for event, search in ((second, False), (marker, True)):
        guest.expect(200, "POST", "/api/join-event", json={"event_code": event["event_code"], "search": search})
    found = until(lambda: photos_of(guest, marker), bool)
    assert found == showing(photos[marker["id"]], "Ada"), "joined later, and searched"
    assert photos_of(guest, second) == set()
    assert searched(guest) == {first["id"]: True, second["id"]: False, marker["id"]: True}
    guest.expect(202, "POST", "/api/rematch")
    until(lambda: guest.get("/api/rematch-status")["status"], lambda status: status == "done")
    assert photos_of(guest, second) == set()
    consent = {"event_id": second["id"], "consent_version": "1"}
    guest.expect(204, "POST", "/api/me/consents", json=consent)
    found = until(lambda: photos_of(guest, second), bool)
    assert found == showing(photos[second["id"]], "Ada")
    assert searched(guest)[second["id"]]


def pass_a_day(system: LocalSystem, guest: Person) -> None:
    """Moves the end of a guest's last event two days into the past, once selfie_service has applied it."""
    pass_time = (
        "UPDATE selfie.people SET without_events_since = without_events_since - interval '2 days' WHERE user_id = %s"
        " AND without_events_since IS NOT NULL"
    )
    older = "UPDATE selfie.selfies SET created_at = created_at - interval '3 days' WHERE user_id = %s"

    def try_it() -> int:
        connection = psycopg2.connect(system.env["DATABASE_URL"])
        with closing(connection), connection, connection.cursor() as cursor:
            cursor.execute(pass_time, (guest.id,))
            moved: int = cursor.rowcount
            if moved:
                cursor.execute(older, (guest.id,))
            return moved

    until(try_it, bool)


def test_the_selfie_is_deleted_a_day_after_the_last_event(
    system: LocalSystem, organiser: Organiser, join: Join, sample: SampleEvent
) -> None:
    event, other = organiser.event("One"), organiser.event("Other", admission=True)
    guest, stays = join(event), join(event)
    stays.expect(200, "POST", "/api/join-event", json={"event_code": other["event_code"]})
    for one in (guest, stays):
        one.selfie_and_wait(sample.selfies["Ada"])
    organiser.expect(204, "DELETE", f"/api/events/{event['id']}")
    pass_a_day(system, guest)
    until(lambda: guest.http.request("GET", "/api/my-selfie").status_code, lambda status: status == 404)
    assert guest.get("/api/rematch-status")["status"] == "idle"
    assert stays.http.request("GET", "/api/my-selfie").status_code == 200, "their request for another event is pending"
    stays.expect(204, "DELETE", f"/api/events/{other['id']}/guests/me")
    assert stays.http.request("GET", "/api/my-selfie").status_code == 200
    pass_a_day(system, stays)
    until(lambda: stays.http.request("GET", "/api/my-selfie").status_code, lambda status: status == 404)


def test_an_organisers_link_opens_its_event(organiser: Organiser, page: httpx2.Client) -> None:
    event, last = organiser.event("Linked"), organiser.event("Last")
    headers = {"Idempotency-Key": str(uuid4())}
    form = {"event_code": event["event_code"], "search": False}
    guest = page.post("/api/guest-sessions", json=form, headers=headers).json()["user_id"]
    assert page.post("/api/join-event", json={"event_code": last["event_code"]}).status_code == 200
    path = f"/api/events/{event['id']}/guests/{guest}/sign-in-links"
    token = organiser.expect(201, "POST", path)["token"]
    assert page.post("/api/sign-in", json={"token": token}).json()["event_id"] == event["id"]


def test_withdrawing_consent_deletes_faces_and_matches_and_keeps_the_membership(
    organiser: Organiser, join: Join, sample: SampleEvent, one_of: Callable[..., SamplePhoto]
) -> None:
    first, second = organiser.event("First"), organiser.event("Second")
    photos = {event["id"]: organiser.add_photos(event, [one_of("Ada"), one_of("Ben")]) for event in (first, second)}
    guest = join(first)
    guest.expect(200, "POST", "/api/join-event", json={"event_code": second["event_code"]})
    guest.selfie_and_wait(sample.selfies["Ada"])
    for event in (first, second):
        until(lambda event=event: photos_of(guest, event), bool)
    guest.expect(204, "DELETE", "/api/me/consents")
    for event in (first, second):
        until(lambda event=event: photos_of(guest, event), lambda found: not found)
    guest.expect(404, "GET", "/api/my-selfie")
    assert searched(guest) == {first["id"]: False, second["id"]: False}
    refused = guest.expect(409, "POST", "/api/upload-selfie", files={"file": sample.selfies["Ada"]})
    assert refused["reason"] == "consent_withdrawn"
    guest.expect(204, "POST", "/api/me/consents", json={"event_id": second["id"], "consent_version": "1"})
    guest.selfie_and_wait(sample.selfies["Ada"])
    assert until(lambda: photos_of(guest, second), bool) == showing(photos[second["id"]], "Ada")
    assert photos_of(guest, first) == set()
