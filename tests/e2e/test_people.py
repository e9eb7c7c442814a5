"""One account searches for several people, through all services with the real engine."""

from collections.abc import Callable
from uuid import uuid4

import httpx2

from deploy.local.system import LocalSystem
from deploy.sample.event import SampleEvent, SamplePhoto
from tests.e2e.party import Json, Person, register, showing, until

Gallery = tuple[Json, dict[str, SamplePhoto]]


def send(guest: Person, image: bytes, **params: str) -> Json:
    """Uploads a selfie for one of the guest's people; its final status."""
    guest.expect(202, "POST", "/api/upload-selfie", files={"file": ("selfie.jpg", image)}, params=params)
    whose = {name: value for name, value in params.items() if name == "person"}
    return until(lambda: guest.get("/api/rematch-status", **whose), lambda status: status["status"] != "running")


def add(guest: Person, name: str) -> str:
    form = {"name": name, "consent_version": "1"}
    return str(guest.expect(201, "POST", "/api/people", json=form)["id"])


def test_each_person_has_their_own_selfies_photos_and_deletion(
    system: LocalSystem, gallery: Gallery, sample: SampleEvent
) -> None:
    event, photos = gallery
    of_ada, of_ben = set(showing(photos, "Ada")), set(showing(photos, "Ben"))
    with register(system.base_url, event) as guest:
        assert send(guest, sample.selfies["Ada"])["status"] == "done"
        ben = add(guest, "Ben")
        assert guest.photos(person=ben) == set()
        assert send(guest, sample.selfies["Ben"], person=ben)["matched"] == len(of_ben)
        assert guest.photos() == guest.photos(person=guest.id) == of_ada
        assert guest.photos(person=ben) == of_ben
        for photo in of_ada | of_ben:
            guest.expect(200, "GET", f"/api/photos/{photo}/thumb")
        assert send(guest, sample.selfies["Ben"])["reason"] == "different_person"
        assert send(guest, sample.selfies["Ada"], person=ben, add="true")["reason"] == "different_person"
        assert guest.photos() == of_ada

        assert send(guest, sample.selfies["Ben"], person=ben, add="true")["status"] == "done"
        assert [one["selfies"] for one in guest.get("/api/people")["people"]] == [1, 2]
        assert guest.photos(person=ben) == of_ben

        guest.expect(204, "DELETE", f"/api/people/{ben}")
        guest.expect(404, "GET", "/api/my-photos", params={"person": ben})
        only_ben = of_ben - of_ada
        until(
            lambda: {guest.http.get(f"/api/photos/{photo}/thumb").status_code for photo in only_ben},
            lambda statuses: statuses == {404},
        )
        assert guest.photos() == of_ada


def test_a_person_of_another_account_is_not_accessible(
    system: LocalSystem, gallery: Gallery, sample: SampleEvent
) -> None:
    """The answers are the same as for a nonexistent person."""
    event, photos = gallery
    with register(system.base_url, event) as owner, register(system.base_url, event) as other:
        ben = add(owner, "Ben")
        send(owner, sample.selfies["Ben"], person=ben)
        photo = next(iter(showing(photos, "Ben")))
        calls: list[Callable[[str], httpx2.Response]] = [
            lambda person: other.http.get("/api/my-photos", params={"person": person}),
            lambda person: other.http.get("/api/my-photos.zip", params={"person": person, "event_id": event["id"]}),
            lambda person: other.http.get("/api/my-selfie", params={"person": person}),
            lambda person: other.http.delete("/api/my-selfie", params={"person": person}),
            lambda person: other.http.get("/api/rematch-status", params={"person": person}),
            lambda person: other.http.get("/api/rematch-events", params={"person": person}),
            lambda person: other.http.post("/api/rematch", params={"person": person}),
            lambda person: other.http.post(
                "/api/upload-selfie", params={"person": person}, files={"file": ("a.jpg", sample.selfies["Ada"])}
            ),
            lambda person: other.http.patch(f"/api/people/{person}", json={"name": "Mine"}),
            lambda person: other.http.post(f"/api/photos/{photo}/not-me", params={"person": person}),
            lambda person: other.http.delete(f"/api/photos/{photo}/not-me", params={"person": person}),
        ]
        for call in calls:
            answers = [call(ben), call(str(uuid4()))]
            assert [answer.status_code for answer in answers] == [404, 404], answers[0].request.url.path
            assert answers[0].json()["reason"] == answers[1].json()["reason"]
        other.expect(204, "DELETE", f"/api/people/{ben}")
        assert owner.photos(person=ben) == set(showing(photos, "Ben"))
