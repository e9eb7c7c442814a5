"""An invited photographer and couple, through all processes."""

import hashlib
import io
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx2
import pytest

from deploy.local.system import LocalSystem
from deploy.sample.event import SampleEvent
from tests.e2e.party import PASSWORD, Json, Organiser, Person, showing, until

Invite = Callable[[Json, str, str], Person]


@pytest.fixture
def invite(system: LocalSystem, organiser: Organiser) -> Iterator[Invite]:
    """Registers a new person by an invitation with a role."""
    with ExitStack() as people:

        def make(event: Json, role: str, username: str) -> Person:
            link = organiser.expect(201, "POST", f"/api/events/{event['id']}/invitations", json={"role": role})
            user = {"username": username, "email": f"{username}@example.org", "password": PASSWORD}
            form = {"token": link["token"], "user_data": user}
            answer = httpx2.post(f"{system.base_url}/api/invitations/register", json=form, timeout=30)
            assert answer.status_code == 201, answer.text
            return people.enter_context(Person(system.base_url, answer.json(), username))

        yield make


def names_in(person: Person, event: Json) -> set[str]:
    answer = person.http.get(f"/api/events/{event['id']}/photos.zip")
    assert answer.status_code == 200, answer.text
    return set(zipfile.ZipFile(io.BytesIO(answer.content)).namelist())


def acts_of_an_organiser(organiser: Organiser, photo_ids: list[str]) -> list[tuple[str, str, Json]]:
    """Method, path below the event, and body of requests that only an organiser may make."""
    return [
        ("PATCH", "", {"json": {"closed": True}}),
        ("DELETE", "", {}),
        ("GET", "/guests", {}),
        ("DELETE", f"/guests/{organiser.id}", {}),
        ("GET", "/invitations", {}),
        ("POST", "/invitations", {"json": {"role": "organiser"}}),
        ("POST", "/photos/delete", {"json": {"photo_ids": photo_ids}}),
        ("POST", "/photos/retry", {}),
        ("POST", "/photos/dismiss-requests", {"json": {"photo_ids": photo_ids}}),
    ]


def test_each_role_has_its_permissions(
    organiser: Organiser, sample: SampleEvent, invite: Invite, join: Callable[[Json], Person]
) -> None:
    event = organiser.event("Roles")
    path = f"/api/events/{event['id']}"
    photos = organiser.add_photos(event, sample.photos[:3])
    phil, cleo = invite(event, "photographer", "phil"), invite(event, "couple", "cleo")
    phil.expect(202, "POST", f"{path}/photos", files=[("files", ("mine.jpg", sample.photos[3].jpeg, "image/jpeg"))])
    organiser.indexed(event)
    [own] = phil.get(f"{path}/photos")["photos"]
    assert (own["filename"], own["uploader_id"], phil.get(path)["photos"]["total"]) == ("mine.jpg", phil.id, 1)
    assert names_in(phil, event) == {"mine.jpg"}
    assert names_in(cleo, event) == {"mine.jpg", *(photo.name for photo in photos.values())}
    assert (cleo.get(path)["photos"]["total"], cleo.get(path)["role"]) == (4, "couple")
    theirs = next(iter(photos))
    phil.expect(404, "GET", f"/api/photos/{theirs}/preview")
    phil.expect(200, "GET", own["original_url"])
    known = [hashlib.sha256(photo.jpeg).hexdigest() for photo in sample.photos[:5]]
    found = phil.expect(200, "POST", f"{path}/photos/known", json={"sha256": known})["photos"]
    assert [photo["sha256"] for photo in found] == known[:4], "whichever member added them"
    hide = {"photo_ids": [theirs], "visibility": "hidden"}
    assert phil.expect(403, "POST", f"{path}/photos/visibility", json=hide)["reason"] == "organiser_only"
    cleo.expect(204, "POST", f"{path}/photos/visibility", json=hide)
    assert organiser.get(f"{path}/photos", visibility="hidden")["total"] == 1
    for person in (phil, cleo):
        for method, place, request in acts_of_an_organiser(organiser, [*photos]):
            assert person.expect(403, method, path + place, **request)["reason"] == "organiser_only"
        assert person.expect(403, "DELETE", f"/api/photos/{own['id']}")["reason"] == "organiser_only"
    upload = {"files": [("files", ("a.jpg", sample.photos[5].jpeg, "image/jpeg"))]}
    assert cleo.expect(403, "POST", f"{path}/photos", **upload)["reason"] == "organiser_only"
    # Every role is also a guest.
    name = next(name for photo in photos.values() for name in photo.people if name in sample.selfies)
    cleo.selfie_and_wait(sample.selfies[name])
    assert cleo.photos(event_id=event["id"]) >= showing(photos, name) - {theirs}
    organiser.expect(204, "DELETE", f"{path}/guests/{phil.id}")
    until(lambda: phil.http.get(f"{path}/photos").status_code, lambda status: status == 404)
    phil.expect(404, "GET", own["original_url"])
