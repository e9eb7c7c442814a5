"""Guests admitted individually by the organiser, and removed guests."""

from collections.abc import Callable, Iterator
from uuid import uuid4

import httpx2
import pytest

from deploy.local.system import LocalSystem
from deploy.sample.event import SampleEvent, SamplePhoto
from tests.e2e.party import Json, Organiser, Person, showing, until
from tests.e2e.test_updates import open_page, until_heard

Join = Callable[[Json], Person]


@pytest.fixture
def page(system: LocalSystem) -> Iterator[httpx2.Client]:
    """Headers that a browser sends from our own pages."""
    headers = {"Sec-Fetch-Site": "same-origin"}
    with httpx2.Client(base_url=system.base_url, headers=headers, timeout=30) as client:
        yield client


def membership(person: Person) -> Json:
    (event,) = person.get("/api/me")["events"]
    found: Json = event
    return found


def admit(organiser: Organiser, event: Json, guest: Person) -> None:
    organiser.expect(204, "POST", f"/api/events/{event['id']}/guests/{guest.id}/admit")


def test_a_selfie_sent_before_admission_is_searched_after_it(
    organiser: Organiser, join: Join, sample: SampleEvent, one_of: Callable[..., SamplePhoto]
) -> None:
    event = organiser.event("Admission", admission=True)
    photos = organiser.add_photos(event, [one_of("Ada"), one_of("Ben")])
    guest = join(event)
    assert membership(guest)["waiting"]
    assert organiser.get(f"/api/events/{event['id']}")["guests"] == 1
    guests = organiser.get(f"/api/events/{event['id']}/guests")["guests"]
    assert [(one["user_id"], one["waiting"]) for one in guests] == [(organiser.id, False), (guest.id, True)]
    status = guest.selfie_and_wait(sample.selfies["Ada"])
    assert (status["status"], status["matched"]) == ("done", 0), "it is kept but not searched"
    assert guest.photos() == set()
    guest.expect(404, "GET", "/api/my-photos", params={"event_id": event["id"]})
    for photo in photos:
        guest.expect(404, "GET", f"/api/photos/{photo}/thumb")
    with open_page(guest) as updates:
        admit(organiser, event, guest)
        assert until_heard(updates, "events")["event_id"] == event["id"]
        assert not membership(guest)["waiting"]
        until(guest.photos, bool)
    assert guest.photos() == showing(photos, "Ada")
    admit(organiser, event, guest)
    assert organiser.get(f"/api/events/{event['id']}")["guests"] == 2


def test_a_removed_guest_cannot_rejoin_until_readmitted(
    organiser: Organiser, join: Join, sample: SampleEvent, one_of: Callable[..., SamplePhoto]
) -> None:
    event = organiser.event("Removal")
    photos = organiser.add_photos(event, [one_of("Ada")])
    guest, other = join(event), join(event)
    guest.selfie_and_wait(sample.selfies["Ada"])
    until(guest.photos, lambda found: found == showing(photos, "Ada"))
    organiser.expect(204, "DELETE", f"/api/events/{event['id']}/guests/{guest.id}")
    until(guest.photos, lambda found: not found)
    changed = organiser.get(f"/api/events/{event['id']}")
    assert changed["admission"]
    assert changed["event_code"] != event["event_code"]
    assert membership(other)["event_code"] == changed["event_code"]
    join_with = {"event_code": event["event_code"]}
    assert guest.expect(404, "POST", "/api/join-event", json=join_with)["reason"] == "invalid_event_code"
    join_with = {"event_code": changed["event_code"]}
    assert guest.expect(403, "POST", "/api/join-event", json=join_with)["reason"] == "removed_from_event"
    assert not guest.photos()
    admit(organiser, event, guest)
    # The face is kept for a day, so a guest who is readmitted needs no new selfie.
    until(guest.photos, lambda found: found == showing(photos, "Ada"))


def test_a_guest_without_a_password_is_signed_out_after_leaving_the_last_event(
    organiser: Organiser, page: httpx2.Client
) -> None:
    event, other = organiser.event("One"), organiser.event("Two", admission=True)
    form = {"event_code": event["event_code"], "consent_version": "1"}
    session = page.post("/api/guest-sessions", json=form, headers={"Idempotency-Key": str(uuid4())})
    assert (session.status_code, session.json()["waiting"]) == (201, False)
    joined = page.post("/api/join-event", json={"event_code": other["event_code"]})
    assert joined.json()["waiting"]
    assert page.delete(f"/api/events/{event['id']}/guests/me").status_code == 204
    assert page.post("/api/refresh").status_code == 200, "they are still a member of the other event"
    assert page.delete(f"/api/events/{other['id']}/guests/me").status_code == 204
    assert page.get("/api/session").json()["me"] is None
    assert page.post("/api/refresh").status_code == 401
    old = {"refresh_token": session.json()["refresh_token"]}
    assert page.post("/api/refresh", json=old).status_code == 401


def test_open_pages_are_notified_of_changes_of_their_event(organiser: Organiser, join: Join) -> None:
    event = organiser.event("Changing")
    guest, uninvolved = join(event), join(organiser.event("Another"))
    organiser.expect(200, "PATCH", f"/api/events/{event['id']}", json={"admission": True})
    waits = join(event)
    with open_page(guest) as updates, open_page(waits) as waiting, open_page(uninvolved) as others:
        for change in ({"closed": True}, {"closed": False}, {"name": "Changed"}, {"admission": False}):
            organiser.expect(200, "PATCH", f"/api/events/{event['id']}", json=change)
            for heard in (updates, waiting):
                assert until_heard(heard, "events")["event_id"] == event["id"]
        assert membership(guest)["name"] == "Changed"
        organiser.expect(204, "DELETE", f"/api/events/{event['id']}/guests/{waits.id}")
        assert until_heard(waiting, "events")["event_id"] == event["id"]
        uninvolved.expect(204, "DELETE", "/api/me")
        assert [kind for kind, _ in others if kind == "events"] == []
